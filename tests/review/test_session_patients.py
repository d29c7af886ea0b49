"""Two patients open at once: nothing of the one may reach the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from medviewer.dicom.study import ScanResult
from medviewer.errors import UsageError
from medviewer.imaging.reslice import Plane
from medviewer.review.report import build
from medviewer.review.session import Session
from medviewer.review.state import KeyImage, ReaderMeasurement, Verdict
from tests.review.makers import NOW, clock, make_result, make_scan, make_series, make_volume

ONE, TWO = "1.2.3.1", "1.2.3.9"


class _Told:
    def __init__(self) -> None:
        self.lines: list[tuple[str, Mapping[str, Any]]] = []

    def append(self, action: str, **facts: Any) -> object:
        self.lines.append((action, facts))
        return None


@pytest.fixture
def told() -> _Told:
    return _Told()


@pytest.fixture
def session(told: _Told) -> Session:
    """Two patients who by mistake carry one study UID, each analysed, the first on screen."""
    first = make_scan(make_series(ONE, patient="P1"), patient="P1", name="Doe^Jane")
    second = make_scan(make_series(TWO, patient="P2"), patient="P2", name="Roe^Ann")
    session = Session(reader="Dr Test", clock=clock, audit=told)
    session.open(ScanResult((*first.patients, *second.patients)))
    for key, patient in ((TWO, "P2"), (ONE, "P1")):
        session.show(key)
        session.set_volume(key, make_volume())
        result = make_result(series_key=key, patient_key=patient)
        named = tuple(replace(f, id=f"{f.id}-{patient}") for f in result.findings)
        number = session.start_analysis(key, "lung-ct")
        assert session.add_result(replace(result, findings=named), number)
    return session


def test_that_an_impression_stays_with_its_patient_even_under_one_study_uid(session: Session) -> None:
    session.set_impression("Emphysema.")
    session.show(TWO)
    assert session.state.impression == ""
    assert build(session.state, now=NOW, app_version="1").impression == ""
    session.show(ONE)
    assert session.state.impression == "Emphysema."


def test_that_undo_never_reaches_into_the_work_on_another_patient(session: Session) -> None:
    session.accept("right-P1")
    session.show(TWO)
    assert session.undo_name == ""
    assert not session.undo()
    session.reject("left-P2", "wrong")
    session.show(ONE)
    assert session.undo_name == "accept Right lung"
    assert session.undo()
    assert session.state.decision_of("right-P1").verdict is Verdict.PENDING
    assert session.state.decision_of("left-P2").verdict is Verdict.REJECTED
    session.redo()
    assert session.state.decision_of("right-P1").verdict is Verdict.ACCEPTED
    assert session.state.decision_of("left-P2").verdict is Verdict.REJECTED


def test_that_undo_keeps_the_measurements_and_images_of_others(session: Session) -> None:
    session.show(TWO)
    session.add_measurement(ReaderMeasurement("", "length", TWO, Plane.NATIVE, 1, (), "5 mm"))
    session.show(ONE)
    session.add_key_image()
    session.add_measurement(ReaderMeasurement("", "length", ONE, Plane.NATIVE, 1, (), "7 mm"))
    session.undo()
    session.undo()
    assert [m.text for m in session.state.measurements] == ["5 mm"]
    assert session.state.key_images == ()


def test_that_a_finding_of_another_patient_cannot_be_decided(session: Session) -> None:
    with pytest.raises(UsageError, match="another patient"):
        session.accept("right-P2")
    assert session.state.decision_of("right-P2").verdict is Verdict.PENDING


def test_that_a_report_shows_no_image_of_another_patient(session: Session) -> None:
    session.add_key_image(KeyImage(TWO, Plane.NATIVE, 3, None, "not hers"))
    report = build(session.state, now=NOW, app_version="1", volumes={TWO: make_volume()})
    assert report.figures
    assert not any("not hers" in figure.caption for figure in report.figures)


def test_that_the_audit_tells_what_undo_did(session: Session, told: _Told) -> None:
    session.accept("right-P1")
    session.undo()
    session.redo()
    assert [(action, facts["verdicts"]) for action, facts in told.lines[-2:]] == [
        ("undo", {"right-P1": "pending"}),
        ("redo", {"right-P1": "accepted"}),
    ]


def test_that_every_reader_who_decided_is_named(session: Session) -> None:
    session.accept("right-P1")
    session.set_reader("Dr Other")
    session.accept("left-P1")
    report = build(session.state, now=NOW, app_version="1")
    facts = {fact.label: fact.value for fact in report.made}
    assert "Dr Test, " in facts["Reviewed by"]
    assert "Dr Other, " in facts["Reviewed by"]


def test_that_pixels_loaded_before_the_series_grew_are_refused() -> None:
    """Their images would stand under other numbers."""
    session = Session(clock=clock)
    session.open(make_scan(make_series(slices=4)))
    session.show(ONE)
    session.open(make_scan(make_series(slices=8)))
    assert not session.set_volume(ONE, make_volume(4))
    assert session.set_volume(ONE, make_volume(8))
