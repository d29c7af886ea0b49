"""Export evidence…: ticked, written beside the window, opened again with the same voxels and figures."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pytestqt.qtbot import QtBot

from medviewer.review import pack as pack_module
from medviewer.review.pack_kinds import KINDS, default_kinds
from medviewer.review.pack_manifest import verify
from medviewer.review.settings import Settings
from medviewer.tasks import TaskContext
from medviewer.ui import app
from medviewer.ui.dialogs.evidence import EvidenceDialog
from medviewer.ui.main_window import MainWindow
from tests.ui.windows import PATIENCE, Model, loaded_window, write_series

DEFAULT = default_kinds()


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    """One finding accepted, one rejected."""
    model = Model()
    model.gate.set()
    with loaded_window(qtbot, model, tmp_path / "study") as made:
        with qtbot.waitSignal(made.analyzing.ended, timeout=PATIENCE):
            made.analyze_button.click()
        first, second = made.session.state.findings
        made.session.accept(first.id)
        made.session.reject(second.id, "motion")
        yield made


def dialog_of(window: MainWindow) -> EvidenceDialog:
    window.actions_by_id["evidence"].trigger()
    shown = window.evidence.dialog
    assert shown is not None
    return shown


def write(qtbot: QtBot, window: MainWindow, folder: Path, kinds: frozenset[str] = DEFAULT) -> None:
    window.evidence.write(folder, kinds)
    qtbot.waitUntil(lambda: not window.evidence.is_busy, timeout=PATIENCE)


def test_that_the_usual_three_are_ticked_and_every_kind_has_its_sentence(window: MainWindow) -> None:
    dialog = dialog_of(window)
    assert dialog.ticked() == {"SEG", "SR", "PDF"}
    assert list(dialog.boxes) == [kind.id for kind in KINDS]
    for box in dialog.boxes.values():
        box.setChecked(False)
    assert not dialog.write_button.isEnabled()
    dialog.close()


def test_that_the_pack_comes_back_with_the_same_voxels_and_figures(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    """Open, analyze, decide, export; then a new window on images and pack together."""
    dialog = dialog_of(window)
    write(qtbot, window, tmp_path / "study" / "out")
    (folder,) = (tmp_path / "study" / "out").iterdir()
    assert dialog.said.text() == f"Written and read back: 4 files and their list, in {folder.name}."
    assert sorted(os.listdir(folder)) == ["manifest.json", "report.dcm", "report.pdf", "seg.dcm", "sr.dcm"]
    assert verify(folder) == ()
    findings = window.session.state.findings
    sr = pydicom.dcmread(folder / "sr.dcm").to_json()
    for finding in findings:
        assert all(f'"Value": [{m.value}]' in sr or f'"{m.value}"' in sr for m in finding.measurements)
    dialog.close()
    with loaded_window(qtbot, Model(), tmp_path / "study") as other:
        scan = other.session.state.scan
        assert scan is not None
        found = {one.kind.code: one for one in scan.objects}
        assert sorted(found) == ["PDF", "SEG", "SR"]
        with qtbot.waitSignal(other.overlaying.message, timeout=PATIENCE):
            other.overlaying.open(found["SEG"])
        (file,) = other.session.state.overlay_files_here
        assert len(file.overlays) == len(findings) == 2
        for overlay, finding in zip(file.overlays, findings, strict=True):
            assert overlay.mask is not None
            assert finding.mask is not None
            np.testing.assert_array_equal(overlay.mask.full(), finding.mask.full())
            assert overlay.colour.lower() == finding.colour.lower()


def test_that_what_is_ticked_is_kept_and_a_second_pack_takes_the_next_number(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    write(qtbot, window, tmp_path / "out", frozenset({"CSV"}))
    write(qtbot, window, tmp_path / "out", frozenset({"CSV"}))
    names = sorted(os.listdir(tmp_path / "out"))
    assert names[1] == f"{names[0]}-2"
    dialog = dialog_of(window)
    assert dialog.ticked() == {"CSV"}
    dialog.close()


def test_that_what_could_not_be_written_is_said_beside_what_was(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    dialog = dialog_of(window)
    write(qtbot, window, tmp_path / "out", frozenset({"CSV", "KOS"}))
    said = dialog.said.text().splitlines()
    assert said[0].startswith("Written and read back: 1 file and its list")
    assert "No image is marked" in said[1]
    dialog.close()


def test_that_a_folder_that_refuses_is_one_sentence(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    dialog = dialog_of(window)
    (tmp_path / "blocked").write_text("in the way")
    write(qtbot, window, tmp_path / "blocked" / "out", frozenset({"CSV"}))
    assert "nothing was written" in dialog.said.text()
    assert dialog.write_button.isEnabled()
    dialog.close()


def test_that_the_window_lives_while_it_writes_and_stop_leaves_nothing(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_gate = threading.Event()

    def wait(parts: object, parent: Path, name: str, about: object, context: TaskContext) -> None:
        (parent / "half").mkdir(parents=True)
        at_gate.set()
        while not context.cancelled:
            at_gate.wait(0.005)
        (parent / "half").rmdir()
        context.check()

    monkeypatch.setattr(pack_module, "write_pack", wait)
    dialog = dialog_of(window)
    window.evidence.write(tmp_path / "out", frozenset({"CSV"}))
    qtbot.waitUntil(at_gate.is_set, timeout=PATIENCE)
    assert dialog.stop_button.isVisible()
    assert not dialog.write_button.isEnabled()
    window.session.scroll(2)
    assert window.planes.main.index == 2
    dialog.stop_button.click()
    qtbot.waitUntil(lambda: not window.evidence.is_busy, timeout=PATIENCE)
    assert dialog.said.text() == "Stopped: nothing was written."
    assert os.listdir(tmp_path / "out") == []
    dialog.close()


def test_that_a_pack_is_in_the_audit_by_its_hashes_without_a_patient(
    qtbot: QtBot, tmp_path: Path, own_home: Path
) -> None:
    window = app.make_window(Settings(reader="Dr Test"), Model().engine())
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.open_paths([write_series(tmp_path / "study")])
    write(qtbot, window, tmp_path / "out", frozenset({"CSV", "PDF"}))
    window.dispose()
    (folder,) = (tmp_path / "out").iterdir()
    files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    lines = (own_home / "state" / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    entry = json.loads(lines[-1])
    assert (entry["action"], entry["what"], entry["files"]) == ("export", "evidence", 3)
    assert entry["sha256"] == [file["sha256"] for file in files]
    assert "Tina" not in "".join(lines)
    assert str(tmp_path) not in "".join(lines)


def test_that_closing_the_window_while_it_writes_is_clean(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    window.evidence.write(tmp_path / "out", DEFAULT)
    window.close()
    assert not window.runner.busy("export")
    left = os.listdir(tmp_path / "out") if (tmp_path / "out").exists() else []
    assert not [name for name in left if name.startswith(".")]
