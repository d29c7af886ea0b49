"""``medviewer models``: one changed byte is told, and harms nobody else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from medviewer import paths
from medviewer.training.demo import DemoStudy
from tests.ai.foreign import TINY_ID, know_tiny, put, saved, tiny_weights
from tests.program import call


@pytest.fixture
def damaged(own_home: Path) -> str:
    """A second bundle on the reader's own shelf, one byte of its weights changed."""
    folder = paths.user_models() / "broken-ct"
    shutil.copytree(paths.models() / "lung-ct", folder)
    card = json.loads((folder / "card.json").read_text())
    card["id"] = folder.name
    (folder / "card.json").write_text(json.dumps(card))
    weights = folder / card["weights"]["file"]
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    return folder.name


def test_that_the_shelf_is_listed_shown_and_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("models", "list") == 0
    lines = capsys.readouterr().out.splitlines()
    listed = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert {"lung-ct", "cxr-anatomy", "cxr-pneumonia", "cardiac-mr"} <= set(listed)
    assert call("models", "show", "lung-ct") == 0
    assert "not for diagnostic use" in capsys.readouterr().out.lower()
    assert call("models", "check") == 0
    assert capsys.readouterr().out.count("hash right") == len(listed)


def test_that_one_changed_byte_is_status_5_and_leaves_the_others_alone(
    damaged: str, chest: DemoStudy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("models", "check") == 5
    spoken = capsys.readouterr()
    assert "lung-ct" in spoken.out
    assert f"error: The weights of model '{damaged}' are damaged" in spoken.err
    assert call("analyze", "-q", chest.series_folder, "--model", damaged, "-o", tmp_path) == 5
    assert not list(tmp_path.iterdir())


@pytest.fixture
def bundle_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Plain weights of a tiny network that this test knows."""
    know_tiny(monkeypatch)
    return put(tmp_path, "tiny.pt", saved(tiny_weights()))


def test_that_a_model_is_installed_shown_and_removed(
    bundle_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("models", "install", bundle_file) == 2
    spoken = capsys.readouterr()
    assert "Do what you like." in spoken.out, "the licence is shown"
    assert "--accept-licence" in spoken.err
    assert call("models", "install", "-q", bundle_file, "--accept-licence") == 0
    assert "Do what you like." in capsys.readouterr().out
    assert call("models", "list") == 0
    listed = capsys.readouterr().out
    assert f"{TINY_ID}  " in listed
    assert "installed" in listed
    assert "MIT" in listed
    assert call("models", "show", TINY_ID) == 0
    assert "tiny.pt" in capsys.readouterr().out
    assert call("models", "check", TINY_ID) == 0
    assert call("models", "install", bundle_file, "--accept-licence") == 2
    assert call("models", "remove", TINY_ID) == 0
    assert call("models", "remove", TINY_ID) == 2
    assert call("models", "remove", "lung-ct") == 2


def test_that_a_broken_file_is_status_5_and_a_place_not_writable_7(
    bundle_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("models", "install", put(tmp_path, "m.pt", b"hello"), "--accept-licence") == 5
    assert capsys.readouterr().err.count("error: ") == 1
    paths.user_models().parent.mkdir(parents=True)
    paths.user_models().write_bytes(b"in the way")
    assert call("models", "install", bundle_file, "--accept-licence") == 7
