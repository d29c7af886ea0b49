"""Door A stays shut: each bad file is one sentence, nothing of it stands on the shelf, nothing of it ran."""

from __future__ import annotations

import json
import pickle
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from medviewer.ai import install, packages
from medviewer.ai.foreign_weights import as_safetensors
from medviewer.ai.install import examine
from medviewer.errors import BundleError
from tests.ai.foreign import (
    Evil,
    bundle_files,
    on_shelf,
    onnx_of,
    put,
    saved,
    sha,
    tiny_weights,
    zipped,
)

pytestmark = pytest.mark.usefixtures("tiny_is_known")


def _nan() -> dict[str, torch.Tensor]:
    weights = tiny_weights()
    weights["0.weight"][0, 0, 0, 0, 0] = float("nan")
    return weights


def _zip_link() -> bytes:
    import io

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        entry = zipfile.ZipInfo("card.json")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return stream.getvalue()


def _script() -> bytes:
    return zipped(
        {"m/code/__torch__.py": b"", "m/data.pkl": b"\x80\x02.", "m/constants.pkl": b"", "m/version": b"3"}
    )


def _pt2() -> bytes:
    return zipped(
        {"m/archive_format": b"pt2", "m/models/model.json": b"{}", "m/data/sample_inputs/model.pt": b""}
    )


def _damaged(**changes: Any) -> Callable[[], bytes]:
    return lambda: zipped(bundle_files(**changes))


def _with(**files: bytes) -> Callable[[], bytes]:
    return lambda: zipped(
        bundle_files() | {name.replace("_", "."): content for name, content in files.items()}
    )


_CT = {**json.loads(bundle_files()["card.json"])["input"], "modality": "CT"}
_LABEL = [{"id": 1, "name": "tumour", "title": "Tumour", "colour": "#56B4E9"}]
_NETWORK = json.loads(bundle_files()["card.json"])["network"]

REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a card with an unknown key": ("b.zip", _damaged(colour="red"), "unknown key 'colour'"),
    "a label without training": ("b.zip", _damaged(labels=_LABEL), "no output the network was trained for"),
    "a wrong hash": (
        "b.zip",
        _damaged(weights={"file": "weights.safetensors", "sha256": "0" * 64}),
        "hash of its weights is not the one",
    ),
    "truncated safetensors": ("t.safetensors", lambda: as_safetensors(tiny_weights())[:-9], "damaged"),
    "truncated safetensors in a bundle": (
        "b.zip",
        lambda: zipped(bundle_files() | {"weights.safetensors": as_safetensors(tiny_weights())[:-9]}),
        "hash of its weights is not the one",
    ),
    "a card that is no JSON": ("b.zip", _with(card_json=b"\xff\xfe"), "no JSON"),
    "missing weights": ("b.zip", lambda: zipped({"card.json": bundle_files()["card.json"]}), "missing"),
    "a network it does not know": ("b.zip", _damaged(network=_NETWORK | {"name": "magic"}), "magic"),
    "arguments that do not suit the weights": (
        "b.zip",
        _damaged(network=_NETWORK | {"args": {"width": 3, "outputs": 2}}),
        "do not belong to its network",
    ),
    "a model made for another input": ("b.zip", _damaged(input=_CT), "its network is fed MR"),
    "names with ..": ("b.zip", lambda: zipped({"../card.json": b"{}"}), "leads out of its own folder"),
    "an absolute name": ("b.zip", lambda: zipped({"/etc/card.json": b"{}"}), "leads out of its own folder"),
    "a drive": ("b.zip", lambda: zipped({"C:/card.json": b"{}"}), "leads out of its own folder"),
    "a backslash": ("b.zip", lambda: zipped({"..\\card.json": b"{}"}), "leads out of its own folder"),
    "a link": ("b.zip", _zip_link, "a link"),
    "too many files": ("b.zip", lambda: zipped({f"{k}.txt": b"" for k in range(201)}), "more than 200 files"),
    "a damaged archive": ("b.zip", lambda: zipped(bundle_files())[:-40], "archive is damaged"),
    "TorchScript": ("m.pt", _script, "TorchScript"),
    "an exported program": ("m.pt2", _pt2, "exported program"),
    "an nnU-Net checkpoint": (
        "checkpoint_best.pth",
        lambda: saved({"network_weights": tiny_weights(), "trainer_name": "nnUNetTrainer"}),
        "nnU-Net",
    ),
    "an nnU-Net folder": (
        "m.zip",
        lambda: zipped({"plans.json": b"{}", "f/checkpoint_final.pth": b""}),
        "nnU-Net",
    ),
    "a pickled network": ("m.pt", lambda: saved(nn.Linear(2, 2)), "may run code"),
    "NaN weights": ("m.pt", lambda: saved(_nan()), "not finite"),
    "NaN weights as ONNX": ("m.onnx", lambda: onnx_of(_nan()), "not finite"),
    "an ONNX file that is cut off": ("m.onnx", lambda: onnx_of(tiny_weights())[:-5], "ONNX file is damaged"),
    "another training of a known network": ("m.pt", lambda: saved(tiny_weights(1)), "another training"),
    "an unknown network": ("m.pt", lambda: saved({"a": torch.zeros(3)}), "no network this program knows"),
    "objects among the tensors": ("m.pt", lambda: saved({"a": torch.zeros(3), "b": "text"}), "plain tensors"),
    "no weights at all": ("m.txt", lambda: b"hello", "no weights this program knows"),
    "an empty file": ("m.pt", lambda: b"", "no weights this program knows"),
    "two files of weights": (
        "m.zip",
        lambda: zipped({"a.pt": saved(tiny_weights()), "b.pt": saved(tiny_weights(1))}),
        "2 files of weights: a.pt, b.pt",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_that_a_bad_file_is_one_sentence_and_nothing_on_the_shelf(name: str, tmp_path: Path) -> None:
    file, make, said = REFUSED[name]
    path = put(tmp_path, file, make())
    with pytest.raises(BundleError, match=said) as caught:
        install.install(examine(path), licence_accepted=True)
    assert caught.value.message.endswith(".")
    assert str(tmp_path) not in caught.value.sentence()
    assert on_shelf() == []


@pytest.mark.parametrize("name", ["weights.pt", "weights.safetensors", "weights.bin", "old.pth"])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_that_a_pickle_disguised_as_weights_never_runs(name: str, protocol: int, tmp_path: Path) -> None:
    sentinel = tmp_path / "it-ran"
    bad = put(tmp_path, name, pickle.dumps({"a": Evil(sentinel)}, protocol=protocol))
    with pytest.raises(BundleError):
        examine(bad)
    pickle.loads(bad.read_bytes())["a"].close()  # noqa: S301 - shows what the file would do
    assert sentinel.exists(), "the oracle: whoever unpickles it makes the file"
    sentinel.unlink()
    with pytest.raises(BundleError):
        examine(bad)
    assert not sentinel.exists()


def test_that_a_pickle_inside_a_torch_archive_never_runs(tmp_path: Path) -> None:
    sentinel = tmp_path / "it-ran"
    bad = put(tmp_path, "m.pt", saved({"a": Evil(sentinel)}))
    with pytest.raises(BundleError, match="may run code"):
        examine(bad)
    assert not sentinel.exists()


def test_that_a_pickle_as_a_bundles_weights_never_runs(tmp_path: Path) -> None:
    sentinel = tmp_path / "it-ran"
    content = pickle.dumps({"a": Evil(sentinel)})
    files = bundle_files(weights={"file": "weights.safetensors", "sha256": sha(content)})
    bad = put(tmp_path, "b.zip", zipped(files | {"weights.safetensors": content}))
    with pytest.raises(BundleError, match="is a pickle"):
        examine(bad)
    assert not sentinel.exists()


def test_that_a_bomb_is_refused_by_what_it_inflates_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "MAX_BYTES", 100_000)
    bomb = put(tmp_path, "b.zip", zipped({"card.json": bytes(200_000)}))
    assert bomb.stat().st_size < 1000
    with pytest.raises(BundleError, match="more than"):
        examine(bomb)


def test_that_a_large_file_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "MAX_BYTES", 10)
    with pytest.raises(BundleError, match="more than"):
        examine(put(tmp_path, "m.pt", bytes(11)))


def test_that_a_folder_with_a_link_or_no_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "card.json").symlink_to("/etc/passwd")
    with pytest.raises(BundleError, match="a link"):
        examine(tmp_path / "a")
    for k in range(packages.MAX_ENTRIES + 1):
        put(tmp_path / "b", f"{k}.txt", b"")
    with pytest.raises(BundleError, match="more than 200 files"):
        examine(tmp_path / "b")


def test_that_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such file"):
        examine(tmp_path / "nothing.pt")
