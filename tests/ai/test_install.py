"""Door A: what may come in, where it then stands, how it leaves; a failed install leaves nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from medviewer import paths
from medviewer.ai import install, shelf_folder
from medviewer.ai.catalog import find, shelf, verify
from medviewer.ai.foreign_weights import as_safetensors, read_tensors, values_digest
from medviewer.ai.install import examine, record_of, remove
from medviewer.errors import BundleError, Cancelled, UsageError, WriteError
from medviewer.tasks import TaskContext
from tests.ai.foreign import (
    TINY_ID,
    bundle_files,
    install_tiny,
    on_shelf,
    onnx_of,
    put,
    saved,
    sha,
    tiny_weights,
    zipped,
)

pytestmark = pytest.mark.usefixtures("tiny_is_known")


# --- what may come in --------------------------------------------------------------------------------------

WELCOME: dict[str, Callable[[], tuple[str, bytes]]] = {
    "state_dict": lambda: ("tiny.pt", saved(tiny_weights())),
    "state_dict of an old torch": lambda: ("tiny.pth", saved(tiny_weights(), legacy=True)),
    "state_dict within a checkpoint": lambda: ("tiny.pt", saved({"state_dict": tiny_weights(), "epoch": 3})),
    "safetensors": lambda: ("tiny.safetensors", as_safetensors(tiny_weights())),
    "ONNX, raw": lambda: ("tiny.onnx", onnx_of(tiny_weights())),
    "ONNX, floats": lambda: ("tiny.onnx", onnx_of(tiny_weights(), raw=False)),
    "zip of weights": lambda: ("tiny.zip", zipped({"a/tiny.pt": saved(tiny_weights())})),
    "zip of a bundle": lambda: ("b.zip", zipped({f"tiny/{k}": v for k, v in bundle_files().items()})),
}


@pytest.mark.parametrize("name", WELCOME)
def test_that_the_same_weights_come_in_through_every_kind_of_file(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, *WELCOME[name]())
    candidate = examine(path)
    assert on_shelf() == [], "looking writes nothing"
    bundle = install.install(candidate, licence_accepted=True)
    assert on_shelf() == [TINY_ID]
    assert find(TINY_ID).folder == bundle.folder == paths.user_models() / TINY_ID
    verify(bundle)
    stored = read_tensors("weights.safetensors", bundle.weights_path.read_bytes())
    assert values_digest(stored) == values_digest(tiny_weights())
    record = record_of(bundle.folder)
    assert record is not None
    assert record.source_sha256 == sha(path.read_bytes())
    assert record.source.startswith(path.name) or record.source.startswith("tiny.pt")
    assert record.licence == "MIT"
    assert (bundle.folder / "LICENSE").read_bytes()
    assert record.licence_sha256 == sha((bundle.folder / "LICENSE").read_bytes())
    assert "hash right" in record.self_test
    assert not any(str(tmp_path) in text for text in (record.source, record.self_test))


def test_that_a_bundle_comes_as_folder_or_by_its_card(tmp_path: Path) -> None:
    for name, content in bundle_files().items():
        put(tmp_path, name, content)
    assert examine(tmp_path).card.id == examine(tmp_path / "card.json").card.id == TINY_ID


def test_that_removing_leaves_nothing_and_it_can_come_again(tmp_path: Path) -> None:
    install_tiny(tmp_path)
    remove(TINY_ID)
    assert on_shelf() == []
    install_tiny(tmp_path)
    assert on_shelf() == [TINY_ID]


def test_that_a_broken_installed_model_can_be_removed(tmp_path: Path) -> None:
    bundle = install_tiny(tmp_path)
    (bundle.folder / "card.json").write_text("{")
    assert [folder.name for folder, _ in shelf().broken] == [TINY_ID]
    remove(TINY_ID)
    assert not shelf().broken


@pytest.mark.parametrize("model_id", ["lung-ct", "nothing-of-that-name", "..", "."])
def test_that_only_what_was_installed_can_be_removed(model_id: str) -> None:
    with pytest.raises(UsageError):
        remove(model_id)
    assert find("lung-ct").weights_path.is_file()


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege")
def test_that_removing_a_link_leaves_what_it_leads_to(tmp_path: Path) -> None:
    for name, content in bundle_files().items():
        put(tmp_path / "elsewhere", name, content)
    paths.user_models().mkdir(parents=True)
    (paths.user_models() / TINY_ID).symlink_to(tmp_path / "elsewhere")
    remove(TINY_ID)
    assert on_shelf() == []
    assert len(list((tmp_path / "elsewhere").iterdir())) == 3


# --- the act itself ----------------------------------------------------------------------------------------


def _candidate(tmp_path: Path) -> install.Candidate:
    return examine(put(tmp_path, "tiny.pt", saved(tiny_weights())))


def test_that_without_the_licence_nothing_is_installed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="licence"):
        install.install(_candidate(tmp_path), licence_accepted=False)
    assert on_shelf() == []


def test_that_an_id_on_the_shelf_is_not_replaced(tmp_path: Path) -> None:
    bundle = install_tiny(tmp_path / "first")
    before = bundle.weights_path.stat().st_mtime_ns
    with pytest.raises(UsageError, match="on the shelf already"):
        install.install(_candidate(tmp_path), licence_accepted=True)
    assert bundle.weights_path.stat().st_mtime_ns == before
    taken = put(tmp_path, "b.zip", zipped(bundle_files(id="lung-ct")))
    with pytest.raises(UsageError, match="on the shelf already"):
        install.install(examine(taken), licence_accepted=True)


def test_that_a_full_disk_leaves_nothing_half_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate, write = _candidate(tmp_path), shelf_folder.write

    def full(path: Path, content: bytes) -> None:
        if path.name == "card.json":
            raise OSError(errno.ENOSPC, "full")
        write(path, content)

    monkeypatch.setattr(shelf_folder, "write", full)
    with pytest.raises(WriteError, match="disk is full: nothing was installed") as caught:
        install.install(candidate, licence_accepted=True)
    assert caught.value.exit_status == 7
    assert on_shelf() == []


def test_that_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    candidate = _candidate(tmp_path)
    paths.user_models().parent.mkdir(parents=True)
    paths.user_models().write_bytes(b"a file is in the way")
    with pytest.raises(WriteError, match="nothing was installed"):
        install.install(candidate, licence_accepted=True)
    assert paths.user_models().read_bytes() == b"a file is in the way"


def test_that_a_failing_self_test_keeps_it_off_the_shelf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: object) -> str:
        raise BundleError("Model fails its self-test.")

    candidate = _candidate(tmp_path)
    monkeypatch.setattr("medviewer.ai.runner.self_test", failing)
    with pytest.raises(BundleError, match="self-test"):
        install.install(candidate, licence_accepted=True)
    assert on_shelf() == []


def test_that_a_cancelled_install_leaves_nothing(tmp_path: Path) -> None:
    seen: list[str] = []
    context = TaskContext(
        lambda _, text: (seen.append(text), context.cancel() if text == "Testing the model" else None)[0]
    )
    with pytest.raises(Cancelled):
        install.install(_candidate(tmp_path), licence_accepted=True, context=context)
    assert seen[-1] == "Testing the model"
    assert on_shelf() == []


def test_that_what_a_killed_install_left_is_no_model_and_goes_away(tmp_path: Path) -> None:
    bundled = [bundle.card.id for bundle in shelf().bundles]
    left = paths.user_models() / ".installing-000000000000"
    for name, content in bundle_files().items():
        put(left, name, content)
    assert [bundle.card.id for bundle in shelf().bundles] == bundled
    os.utime(left, (1, 1))
    young = paths.user_models() / ".installing-111111111111"
    young.mkdir()
    install_tiny(tmp_path)
    assert on_shelf() == [young.name, TINY_ID], "one under way in another window stays"


def test_that_a_damaged_record_hides_no_model(tmp_path: Path) -> None:
    bundle = install_tiny(tmp_path)
    (bundle.folder / install.RECORD).write_text("{}")
    assert record_of(bundle.folder) is None
    assert find(TINY_ID)
