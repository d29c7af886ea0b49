"""``medviewer models``: one changed byte is told, and harms nobody else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from medviewer import paths
from medviewer.training.demo import DemoStudy
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
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
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
