"""Planted names, ids, dates and UIDs: after opening, analyzing, deciding, exporting and failing in many ways
not one of them is in any file the program keeps for itself, nor in any file name, in no encoding."""

from __future__ import annotations

import logging
import os
import threading
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import shiboken6
from pydicom.dataset import Dataset
from PySide6.QtCore import QMessageLogContext, QtMsgType
from pytestqt.qtbot import QtBot

from medviewer import logs, scratch
from medviewer.cli import main
from medviewer.review import keys
from medviewer.review.audit import default_path
from medviewer.review.audit_check import verify
from medviewer.review.settings import Settings
from medviewer.ui import app, crash, qt_messages
from medviewer.ui.main_window import MainWindow
from tests.conftest import ExpectLog
from tests.factories import make_ct_series
from tests.review.kept import Ring
from tests.ui.windows import PATIENCE, Model, open_and_wait

PATIENTS = (
    ("ISO_IR 100", "Zzqüxmann^Wörbelina^^Dr", "ZZPHI-77/ä", ("Zzqüxmann", "Wörbelina", "ZZPHI-77")),
    ("ISO_IR 144", "Жщызлова^Ъофья", "ZZPHI-88", ("Жщызлова", "Ъофья", "ZZPHI-88")),
    (
        ["", "ISO 2022 IR 87"],
        "Zzyamada^Tarouzz=鷹觜^籠鯰=たかのはし",
        "ZZPHI-99",
        ("Zzyamada", "Tarouzz", "鷹觜", "籠鯰"),
    ),
)
BORN, ACCESSION = "19370229", "ZZACC4711"
UID_ROOT = "1.2.826.0.1.987654321"
WORDS = [*(w for *_, words in PATIENTS for w in words), BORN, "1937-02-29", ACCESSION, UID_ROOT]
ENCODINGS = ("utf-8", "latin-1", "cp1251", "iso8859_5", "iso2022_jp", "shift_jis", "euc_jp", "utf-16-le")


def needles() -> Iterator[bytes]:
    for word in WORDS:
        for text in (word, ascii(word)[1:-1]):
            for encoding in ENCODINGS:
                try:
                    yield text.encode(encoding).lower()
                except UnicodeEncodeError:
                    continue


NEEDLES = sorted(set(needles()))


def hits(*roots: Path) -> list[str]:
    """Every planted word in contents or names of files below."""
    found = []
    for path in (p for root in roots for p in root.rglob("*")):
        data = os.fsencode(str(path.relative_to(path.anchor))).lower()
        data += path.read_bytes().lower() if path.is_file() else b""
        found += [f"{path.name}: {needle!r}" for needle in NEEDLES if needle in data]
    return found


def plant(folder: Path, number: int) -> Path:
    charset, name, patient_id, _ = PATIENTS[number]

    def tweak(ds: Dataset, k: int) -> None:
        ds.SpecificCharacterSet = charset
        ds.PatientName, ds.PatientID, ds.PatientBirthDate = name, patient_id, BORN
        ds.AccessionNumber = ACCESSION
        ds.StudyInstanceUID = f"{UID_ROOT}.{number}.1"
        ds.SeriesInstanceUID = f"{UID_ROOT}.{number}.2"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{UID_ROOT}.{number}.3.{k}"

    make_ct_series(folder, seed=number, tweak=tweak)
    return folder


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    scratch.cleanup()
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    scratch.cleanup()


@pytest.fixture
def made(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    ring = Ring()
    monkeypatch.setattr(keys, "system_keyring", lambda: ring)
    model = Model()
    model.gate.set()
    window = app.make_window(Settings(reader="Dr Test"), model.engine())
    window.show()
    qtbot.waitExposed(window)
    yield window
    if shiboken6.isValid(window):
        window.dispose()


def test_that_the_grep_itself_finds_what_is_there(tmp_path: Path) -> None:
    for k, needle in enumerate(NEEDLES):
        (tmp_path / str(k)).write_bytes(b"x" + needle.upper() + b"x" if needle.isascii() else needle)
    assert len({line.split(":")[0] for line in hits(tmp_path)}) == len(NEEDLES)
    assert any(b"\x1b$B".lower() in needle for needle in NEEDLES)


def read(qtbot: QtBot, window: MainWindow, folder: Path) -> None:
    """Open, analyze, decide, write, mark, measure."""
    open_and_wait(qtbot, window, folder)
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        window.commands.analyze_with()
    first, second = (finding.id for finding in window.session.state.findings)
    window.session.accept(first)
    window.session.reject(second, "wrong side")
    window.session.undo()
    window.session.redo()
    window.session.set_impression("Zzqüxmann has clear lungs.")
    window.session.toggle_key_image()


def export(qtbot: QtBot, window: MainWindow, folder: Path) -> None:
    with qtbot.waitSignal(window.exporting.built, timeout=PATIENCE):
        window.commands.report()
    preview = window.reports.preview
    assert preview is not None
    with qtbot.waitSignals([window.exporting.written], timeout=PATIENCE):
        window.reports.write(folder / "out", preview.formats())
    (folder / "file").touch()
    with qtbot.waitSignal(window.exporting.problem, timeout=PATIENCE):
        window.reports.write(folder / "file", preview.formats())
    preview.close()


def fail(window: MainWindow) -> None:
    """Errors that quote the header, by every way out: hooks, log, warnings, threads, Qt."""
    name = PATIENTS[0][1]
    error = ValueError(f"no such value: {name} {BORN} {UID_ROOT}.0.3.1")
    app._Hook(window)(ValueError, error, None)
    crash.tell(error)
    log = logging.getLogger("some.package")
    try:
        raise KeyError(PATIENTS[1][1])
    except KeyError:
        log.exception("while reading %r", [n for _, n, _, _ in PATIENTS])
    log.error("bytes %r", "鷹觜".encode("iso2022_jp"))
    log.error("bytes %r, id %s, accession %s", "Wörbelina".encode("latin-1"), PATIENTS[0][2], ACCESSION)
    logs._warned(f"Invalid value for VR UI: '{UID_ROOT}.1.2'", UserWarning, "valuerep.py", 440)
    qt_messages.logged(QtMsgType.QtWarningMsg, QMessageLogContext(), f"QFile: cannot open {name}.dcm")
    thread = threading.Thread(target=lambda: int(name))
    thread.start()
    thread.join()


@dataclass
class Outside:
    """Where the program may leave something."""

    home: Path
    temp: Path
    work: Path


@pytest.fixture
def outside(own_home: Path, temp: Path, tmp_path: Path) -> Outside:
    return Outside(own_home, temp, tmp_path)


def test_that_nothing_planted_is_left_anywhere(
    qtbot: QtBot,
    made: MainWindow,
    outside: Outside,
    expected_log: ExpectLog,
    capfd: pytest.CaptureFixture[str],
) -> None:
    own_home, temp, tmp_path = outside.home, outside.temp, outside.work
    for words in ("bug: ValueError", "while reading", "bytes", "Invalid value", "QFile", "bug in a thread"):
        expected_log(words)
    folders = [plant(tmp_path / f"in{k}", k) for k in range(len(PATIENTS))]
    (folders[0] / "broken.dcm").write_bytes(next(folders[0].glob("*.dcm")).read_bytes()[:700])
    (tmp_path / "target").mkdir()
    packed = tmp_path / "disc.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in folders[1].iterdir():
            archive.write(path, f"{PATIENTS[1][3][0]}/{path.name}")
    with logs.kept(), warnings.catch_warnings():
        for folder in (folders[0], packed, folders[2]):
            read(qtbot, made, folder)
        export(qtbot, made, tmp_path / "target")
        fail(made)
        assert main(["scan", "-q", "--json", str(folders[1])]) == 0
        capfd.readouterr()  # the answer itself is for the reader who asked
        assert main(["render", "-q", str(folders[2]), "-o", str(tmp_path / "picture.png")]) == 0
        assert main(["render", "-q", str(folders[2]), "-o", str(tmp_path / "none" / "x.png")]) == 7
        assert main(["scan", "-q", str(folders[0] / "broken.dcm")]) == 3
        made.dispose()
    scratch.cleanup()
    assert (own_home / "state" / "audit.jsonl").stat().st_size > 1000
    assert logs.log_path().read_text(encoding="utf-8").count("\n") >= 8
    assert len(list((own_home / "state" / "work").iterdir())) == 3
    assert (own_home / "config" / "settings.json").exists()
    assert hits(own_home, temp) == []
    told = capfd.readouterr()
    said = (told.out + told.err).encode().lower()
    assert [needle for needle in NEEDLES if needle in said] == []
    assert [p.name for p in (tmp_path / "target" / "out").iterdir() if hits_in_name(p)] == []
    assert list(temp.iterdir()) == []
    assert verify(default_path()).ok


def hits_in_name(path: Path) -> bool:
    return any(needle in os.fsencode(path.name).lower() for needle in NEEDLES)
