"""From real files to a session to objects, before the validator and opened again."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from medviewer.dicom.evidence.capture import capture_objects
from medviewer.dicom.evidence.derived import NewObject, file_bytes, read_origin
from medviewer.dicom.evidence.document_object import pdf_object
from medviewer.dicom.evidence.key_objects import key_object_selection
from medviewer.dicom.evidence.modality_lut import read_modality_lut
from medviewer.dicom.evidence.presentation_back import check_presentation
from medviewer.dicom.evidence.presentation_object import presentation_object
from medviewer.dicom.evidence.read_back import check_capture, check_keys, check_pdf
from medviewer.dicom.load import load_series
from medviewer.dicom.objects.presentation import read_presentation
from medviewer.dicom.scan import scan
from medviewer.review import export_objects as exports
from medviewer.review.export_drawings import presentations_of
from medviewer.review.presenting import look_of
from medviewer.review.report import build
from medviewer.review.report_pdf import pdf_bytes
from medviewer.review.session import Session
from tests.dicom.evidence.test_validators import INHERITED, STUDIES
from tests.dicom.evidence.written import disagreements, errors_of
from tests.review.exports import measurement
from tests.review.makers import NOW, clock

INHERITED_TABLES = {
    # Its table says 16 bits and holds 10: copied as it is, for it leads to the right values.
    "CR-ModalitySequenceLUT.dcm": ("ModalityLUTSequence",),
}
LINE = ((3.25, 4.5), (40.75, 61.125))


def session_on(paths: list[Path]) -> Session:
    """The largest series of the files, one image marked, a line drawn on it."""
    session = Session("Reader 読影", clock=clock)
    session.open(scan(paths))
    assert session.state.scan is not None
    series = max(session.state.scan.all_series(), key=lambda s: len(s.instances))
    session.show(series.key)
    session.set_volume(series.key, load_series(series))
    k = len(series.instances) // 2
    session.scroll(k)
    session.toggle_key_image()
    points = tuple((float(k), y, x) for x, y in LINE)
    session.add_measurement(measurement("length", "67.9\u2009px", points, series_key=series.key, index=k))
    return session


@pytest.mark.parametrize("study", STUDIES)
def test_that_what_leaves_a_session_is_sound_and_lies_where_it_lay(
    shared_data: Path, tmp_path: Path, study: str
) -> None:
    files = sorted((shared_data / "studies").glob(STUDIES[study]))
    if not files:
        pytest.skip("this study is not on this machine")
    session = session_on(files)
    state = session.state
    assert state.series is not None
    origin = read_origin(dict.fromkeys(i.path for i in state.series.instances))
    report = build(state, now=NOW, app_version="1")
    (capture,) = exports.captures_of(report.figures, state.series, [])
    keys = exports.keys_of(state)
    document = exports.document_of(pdf_bytes(report), report, [])
    (drawn,) = presentations_of(state).made
    table = read_modality_lut(drawn.table) if drawn.table is not None else ()
    made = {
        "sc": capture_objects(origin, [capture], NewObject("", "", 901, "Key images"))[0],
        "ko": key_object_selection(origin, keys, NewObject("", "", 902, "Key images")),
        "pdf": pdf_object(origin, document, NewObject("", "", 903, "Report")),
        "pr": presentation_object(
            origin,
            drawn.presentation,
            NewObject("", "", 904, "Drawings"),
            rescale_type=drawn.unit,
            modality_lut=table,
        ),
    }
    paths = {name: tmp_path / f"{name}.dcm" for name in made}
    for name, ds in made.items():
        paths[name].write_bytes(file_bytes(ds))
    check_capture(paths["sc"], origin, capture)
    check_keys(paths["ko"], origin, keys)
    check_pdf(paths["pdf"], origin, document)
    check_presentation(paths["pr"], origin, drawn.presentation)
    lies_where_it_lay(session, paths["pr"])
    excused = (*INHERITED.get(study, ()), *INHERITED_TABLES.get(study, ()))
    errors = [e for path in paths.values() for e in errors_of(path) if not any(w in e for w in excused)]
    assert errors == []
    assert disagreements([files[0], *paths.values()]) == []


def lies_where_it_lay(session: Session, path: Path) -> None:
    assert session.state.patient is not None
    marked = session.state.index
    session.scroll(0)
    session.present(read_presentation(path, session.state.patient.key))
    assert session.state.index == marked
    (stroke,) = look_of(session.state).strokes
    assert max(math.dist(a, b) for a, b in zip(stroke.points, LINE, strict=True)) < 0.01
