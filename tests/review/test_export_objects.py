"""From a session to captures and key images: what the report shows, and the stored images it is about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.dicom.evidence.capture import Capture, capture_objects
from medviewer.dicom.evidence.derived import NewObject, file_bytes, read_origin
from medviewer.dicom.evidence.key_objects import key_object_selection
from medviewer.dicom.evidence.read_back import check_capture, check_keys
from medviewer.dicom.evidence.references import Shown
from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.imaging.burned import burned
from medviewer.imaging.reslice import Plane
from medviewer.review import export_objects as exports
from medviewer.review.report import build
from medviewer.review.report_model import Report
from medviewer.review.session import Session
from medviewer.review.state import KeyImage
from tests.factories import make_ct_series
from tests.review.exports import key_image, worked
from tests.review.makers import NOW, clock


def report(session: Session) -> Report:
    return build(session.state, now=NOW, app_version="1.0")


def captures(session: Session) -> tuple[Capture, ...]:
    state = session.state
    assert state.series is not None
    assert state.result is not None
    return exports.captures_of(report(session).figures, state.series, [state.result])


def under(capture: Capture, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return capture.rgb[picture.shape[0] :]


def test_that_a_capture_is_the_figure_with_its_label_beneath() -> None:
    session = worked()
    figures = report(session).figures
    for figure, capture in zip(figures, captures(session), strict=True):
        rows, columns = figure.rgb.shape[:2]
        np.testing.assert_array_equal(capture.rgb[:rows, :columns], figure.rgb)
        said = burned(figure.rgb, ["AI, not for diagnostic use", "Drawn on it by lung-ct 1.0.0"])[rows:]
        found = under(capture, figure.rgb)[: said.shape[0], : said.shape[1]]
        np.testing.assert_array_equal(
            found[:, : min(found.shape[1], columns)], said[:, : found.shape[1]][:, :columns]
        )
        assert capture.makers[0].name == "Lungs on chest CT"
        assert (capture.makers[0].version, "weights SHA-256 3f9c" in capture.makers[0].part) == (
            "1.0.0",
            True,
        )


def test_that_a_capture_names_the_image_it_shows() -> None:
    session = worked()
    for figure, capture in zip(report(session).figures, captures(session), strict=True):
        if figure.index is not None:
            assert capture.shows == (Shown(f"1.2.3.1.{figure.index}"),)
        else:
            assert capture.shows == tuple(Shown(f"1.2.3.1.{k}") for k in range(8))


def test_that_a_picture_without_outlines_is_no_work_of_a_model() -> None:
    session = worked()
    for finding in session.state.findings:
        session.reject(finding.id, "wrong")
    session.add_key_image(key_image(5))
    state = session.state
    (figure,) = report(session).figures
    assert state.series is not None
    assert state.result is not None
    (capture,) = exports.captures_of([figure], state.series, [state.result])
    assert capture.makers == ()
    rows = figure.rgb.shape[0]
    said = burned(figure.rgb, ["Not for diagnostic use"])[rows:]
    np.testing.assert_array_equal(capture.rgb[rows : rows + said.shape[0], : said.shape[1]], said)


def test_that_marked_images_are_the_stored_ones() -> None:
    session = worked()
    session.add_key_image(key_image(5, caption="largest"))
    session.add_key_image(key_image(2, plane=Plane.AXIAL))
    session.add_key_image(key_image(9, plane=Plane.CORONAL))
    session.add_key_image(KeyImage("9.9.9", Plane.NATIVE, 0, None))
    keys = exports.keys_of(session.state)
    assert keys.images == (Shown("1.2.3.1.5"), Shown("1.2.3.1.2"))
    assert (keys.description, keys.reader) == ("1: largest", "reader01")


def test_that_a_document_names_the_models_of_the_report() -> None:
    session = worked()
    assert session.state.result is not None
    document = exports.document_of(b"%PDF", report(session), [session.state.result] * 2)
    assert (document.title, len(document.makers)) == ("CT Chest: analysis report", 1)


@pytest.mark.parametrize("marked", [0, 3])
def test_that_objects_of_real_files_come_back(tmp_path: Path, marked: int) -> None:
    """Folder → session → key image → objects, each read back against what was meant."""
    paths = make_ct_series(tmp_path / "in", slices=5)
    session = Session("reader01", clock=clock)
    session.open(scan([tmp_path / "in"]))
    (series,) = session.state.scan.all_series()  # type: ignore[union-attr]
    session.show(series.key)
    session.set_volume(series.key, load_series(series))
    session.scroll(marked)
    session.toggle_key_image()
    origin = read_origin(paths)
    (figure,) = report(session).figures
    (capture,) = exports.captures_of([figure], series, [])
    keys = exports.keys_of(session.state)
    assert keys.images == (Shown(series.instances[marked].sop_uid),) == capture.shows
    for name, ds, check in (
        ("sc", capture_objects(origin, [capture], NewObject("", "", 901, "Key images"))[0], check_capture),
        ("ko", key_object_selection(origin, keys, NewObject("", "", 902, "Key images")), check_keys),
    ):
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(file_bytes(ds))
        check(path, origin, capture if name == "sc" else keys)  # type: ignore[operator]
