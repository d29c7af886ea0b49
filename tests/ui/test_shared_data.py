"""Every DICOM file of the real studies is opened in the window, or refused with the right reason.

The table says what each folder holds; whatever is opened is painted: first, middle and last image of every
series, and the view of every object.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from medviewer.dicom.study import Series
from medviewer.dicom.tag_tree import read_tags
from medviewer.imaging.render import shades
from medviewer.ui.dialogs.report_tree import ReportReader
from medviewer.ui.dialogs.tags import Tags
from medviewer.ui.main_window import MainWindow
from tests.ui.windows import make_window, rows

PATIENCE = 60_000
NOT_DICOM = "Not a DICOM file."
TWICE = "Another image has the same identifier but other content; that one is shown."


@dataclass(frozen=True)
class Holds:
    """``series``: (modality, images, rows, columns) of each. ``objects``: file name -> code. ``refused``:
    name of a DICOM file -> why; files of other formats are refused as such and not listed here."""

    series: tuple[tuple[str, int, int, int], ...]
    objects: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def _syntax(name: str, uid: str) -> str:
    return f"CTImage.dcm_{name}TransferSyntax_1.2.840.10008.1.2{uid}.dcm"


SAME_IMAGE = (
    _syntax("BigEndianExplicit", ".2"),
    _syntax("DeflatedExplicitVRLittleEndian", ".1.99"),
    _syntax("JPEG2000LosslessOnly", ".4.90"),
    _syntax("JPEGLSLossless", ".4.80"),
    _syntax("JPEGProcess14SV1", ".4.70"),
    _syntax("JPEGProcess14", ".4.57"),
    _syntax("LittleEndianExplicit", ".1"),
    _syntax("LittleEndianImplicit", ""),
    _syntax("RLELossless", ".5"),
)
"""Files of one image in many encodings: where they lie together, one is shown and the others are named."""

TABLE: dict[str, Holds] = {
    "studies/ct_chest_A0001": Holds((("CT", 64, 512, 512), ("CT", 64, 512, 512))),
    "studies/ct_chest_A0002": Holds((("CT", 30, 512, 512), ("CT", 30, 512, 512))),
    "studies/ct_head_GE_gantrytilt": Holds((("CT", 28, 512, 512),)),
    "studies/mr_brain_t1_studyforrest": Holds((("MR", 384, 384, 274),)),
    "studies/mr_enhanced_multiframe": Holds(
        (("MR", 19, 256, 256), ("MR", 96, 128, 128), ("MR", 39, 72, 72), ("MR", 39, 72, 72))
    ),
    "studies/misc": Holds(
        (
            ("US", 65, 456, 576),
            ("MG", 1, 3062, 2394),
            ("CR", 1, 1955, 1841),
            ("US", 1, 240, 320),
            ("US", 1, 350, 800),
            ("US", 30, 240, 320),
            ("XA", 96, 512, 512),
            ("CR", 1, 1576, 1976),
            ("PT", 1, 128, 128),
        ),
        {"test_SR.dcm": "SR"},
    ),
    "objects": Holds(
        (
            ("MR", 1, 256, 256),
            ("CT", 3, 38, 24),
            ("CT", 3, 38, 24),
            ("CT", 1, 512, 512),
            ("CT", 1, 128, 128),
            ("DX", 1, 169, 211),
            ("CT", 3, 512, 512),
        ),
        {
            "liver.dcm": "SEG",
            "partial_overlaps.dcm": "SEG",
            "label.seg": "SEG",
            "rwvm.dcm": "RWV",
            "seg.dcm": "SEG",
            "sr.dcm": "SR",
            "seg_image_cr_binary.dcm": "SEG",
            "seg_image_ct_binary.dcm": "SEG",
            "seg_image_ct_binary_fractional.dcm": "SEG",
            "seg_image_ct_binary_overlap.dcm": "SEG",
            "sr_document.dcm": "SR",
            "sr_document_with_multiple_groups.dcm": "SR",
            "rtplan.dcm": "RTPLAN",
            "rtss.dcm": "RTSTRUCT",
        },
    ),
    "syntaxes": Holds((("CT", 7, 512, 512),), refused=dict.fromkeys(SAME_IMAGE, TWICE)),
}

VIEWS: dict[str, type[ReportReader | Tags]] = {"SR": ReportReader, "KO": ReportReader}
"""What a click on an object opens; tags for all others."""
LAID_OVER = frozenset({"SEG", "RTSTRUCT"})
SOURCE_ABSENT = frozenset(
    {
        "seg.dcm",
        "seg_image_cr_binary.dcm",
        "seg_image_ct_binary.dcm",
        "seg_image_ct_binary_fractional.dcm",
        "seg_image_ct_binary_overlap.dcm",
    }
)
"""Regions whose images are not among the data."""


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    made = make_window()
    made.show()
    qtbot.waitExposed(made)
    made.problems = []  # type: ignore[attr-defined]
    made.opening.problem.connect(made.problems.append)  # type: ignore[attr-defined]
    made.overlaying.problem.connect(made.problems.append)  # type: ignore[attr-defined]
    yield made
    made.dispose()


def is_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def test_that_no_folder_is_left_out(shared_data: Path) -> None:
    """DICOM files lie in the folders of the table and nowhere else."""
    known = [shared_data / name for name in TABLE]
    files = [
        path for path in shared_data.rglob("*") if path.is_file() and path.suffix in ("", ".dcm", ".seg")
    ]
    files += [path for path in shared_data.rglob("*.*") if path.suffix == ".ima"]
    left = [path for path in files if is_dicom(path) and not any(path.is_relative_to(k) for k in known)]
    assert left == []


@pytest.mark.parametrize("folder", list(TABLE))
def test_that_everything_opens_or_is_refused_with_its_reason(
    window: MainWindow, qtbot: QtBot, shared_data: Path, folder: str
) -> None:
    holds = TABLE[folder]
    with qtbot.waitSignal(window.opening.message, timeout=PATIENCE):
        window.opening.open_paths([shared_data / folder])
    found = window.session.state.scan
    series = found.all_series()
    assert Counter((s.modality, len(s.instances), *s.size) for s in series) == Counter(holds.series)
    assert {other.path.name: other.kind.code for other in found.objects} == holds.objects
    refused = {u.path: u.reason for u in found.unreadable}
    assert {p.name: why for p, why in refused.items() if is_dicom(p)} == holds.refused
    assert {why for p, why in refused.items() if not is_dicom(p)} <= {NOT_DICOM}
    for one in series:
        look_through(window, qtbot, one)
    for row in rows(window):
        look_at(window, qtbot, row.path, holds.objects[Path(row.path).name])
    assert window.problems == []  # type: ignore[attr-defined]


def test_that_each_encoding_opens_by_itself(window: MainWindow, qtbot: QtBot, shared_data: Path) -> None:
    files = sorted((shared_data / "syntaxes").glob("*.dcm"))
    assert len(files) == 16
    for path in files:
        with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
            window.opening.open_paths([path])
        (one,) = window.session.state.scan.all_series()
        look_through(window, qtbot, one)
        window.actions_by_id["close_all"].trigger()
    assert window.problems == []  # type: ignore[attr-defined]


def look_through(window: MainWindow, qtbot: QtBot, series: Series) -> None:
    """First, middle and last image are on screen with their greys."""
    window.opening.show(series.key)
    qtbot.waitUntil(lambda: window.opening.is_complete(series.key), timeout=PATIENCE)
    assert window.opening.failures() == {}
    state = window.session.state
    assert state.series is not None
    assert state.series.key == series.key
    assert state.volume is not None
    last = len(series.instances) - 1
    for index in sorted({0, last // 2, last}):
        window.session.scroll(index)
        values = state.volume.voxels[index]
        shown = window.planes.main.shown_window
        expected = values if shown is None else shades(values, shown)
        painted = middle(pixels(window.planes.main.grab_image()))
        assert not window.planes.main._front.notes.missing
        if np.ptp(middle(expected)) > 0:
            assert np.ptp(painted) > 0, f"image {index + 1} of {series.description} is blank"


def look_at(window: MainWindow, qtbot: QtBot, path: str, code: str) -> None:
    """The view of an object, read to its end."""
    assert read_tags(Path(path)).stopped == ""
    row = next(r for r in rows(window) if r.path == path)
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    if code in LAID_OVER:
        see_laid_over(window, qtbot, Path(path))
        return
    if code == "SR":
        qtbot.waitUntil(lambda: not window.runner.busy("inspect"), timeout=PATIENCE)
        if window.findChild(ReportReader) is None:  # its findings are on the images
            assert any(str(file.path) == path for file in window.session.state.overlay_files)
            window.inspecting.read(path)
    dialog = window.findChild(VIEWS.get(code, Tags))
    assert dialog is not None, f"{row.accessibleName()} opened nothing"
    if isinstance(dialog, ReportReader):
        qtbot.waitUntil(lambda: dialog.tree.topLevelItemCount() > 0, timeout=PATIENCE)
        assert "damaged" not in dialog.said.text()
    else:
        qtbot.waitUntil(lambda: dialog.model.rowCount() > 0, timeout=PATIENCE)
    dialog.reject()
    qtbot.waitUntil(
        lambda: not window.findChildren(ReportReader) and not window.findChildren(Tags), timeout=PATIENCE
    )


def see_laid_over(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    """The regions lie on the images on screen, or the object waits for those."""
    problems: list[str] = window.problems  # type: ignore[attr-defined]
    before = len(problems)

    def laid() -> bool:
        return path in [file.path for file in window.session.state.overlay_files]

    def waits() -> bool:
        return path in [waiting.found.path for waiting in window.session.state.waiting]

    qtbot.waitUntil(lambda: laid() or waits() or len(problems) > before, timeout=PATIENCE)
    if path.name in SOURCE_ABSENT:
        assert waits(), problems
        return
    assert laid(), problems
    qtbot.waitUntil(
        lambda: path in [f.path for f in window.session.state.overlay_files_here], timeout=PATIENCE
    )


def middle(picture: NDArray[np.generic]) -> NDArray[np.generic]:
    """The inner part, where no words are."""
    rows_, columns = picture.shape[:2]
    return picture[rows_ // 3 : -(rows_ // 3), columns // 3 : -(columns // 3)]


def pixels(image: QImage) -> NDArray[np.uint8]:
    """(rows, columns, 4)."""
    copy = image.convertToFormat(QImage.Format.Format_RGBA8888)
    flat = np.frombuffer(copy.constBits(), np.uint8, copy.sizeInBytes())
    return flat.reshape(copy.height(), copy.bytesPerLine() // 4, 4)[:, : copy.width(), :3].copy()
