"""The reader's work: decisions, measurements, key images, impression, and their undo."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from medviewer.imaging.reslice import Plane
from medviewer.imaging.window import Window
from medviewer.review.session import Session
from medviewer.review.state import Change, KeyImage, ReaderMeasurement, Verdict
from tests.review.makers import (
    FIRST,
    NOW,
    SECOND,
    Ear,
    make_result,
    make_scan,
    make_series,
)


def measurement(**facts: object) -> ReaderMeasurement:
    values = {
        "id": "",
        "kind": "length",
        "series_key": FIRST,
        "plane": Plane.NATIVE,
        "index": 2,
        "text": "23.4 mm",
    }
    return ReaderMeasurement(**{**values, "points": ((2, 1, 1), (2, 5, 5)), **facts})  # type: ignore[arg-type]


def test_that_a_second_run_inherits_no_decision(analysed: Session) -> None:
    analysed.accept("laa")
    analysed.add_result(make_result(), analysed.start_analysis(FIRST, "lung-ct"))
    assert analysed.state.reviewed == (0, 3)
    assert len({f.id for r in analysed.state.results for f in r.findings}) == 6


def test_that_walking_goes_round_and_shows_the_key_image(analysed: Session) -> None:
    seen = []
    for _ in range(4):
        analysed.next_finding(1)
        seen.append((analysed.state.selected_finding, analysed.state.index))
    assert seen == [("laa", 3), ("right", 2), ("left", 2), ("laa", 3)]
    analysed.next_finding(-1)
    assert analysed.state.selected_finding == "left"
    analysed.show(SECOND)
    assert analysed.state.selected_finding is None


def test_that_decisions_carry_reader_time_and_reason_and_leave_the_machines_word_alone(
    analysed: Session,
) -> None:
    machine = analysed.state.results
    analysed.accept("laa")
    analysed.reject("right", " breathing artefact ")
    assert analysed.state.results is machine
    decision = analysed.state.decision_of("right")
    assert (decision.verdict, decision.reason) == (Verdict.REJECTED, "breathing artefact")
    assert (decision.reader, decision.time) == ("reader01", NOW.isoformat())
    assert analysed.state.reviewed == (2, 3)
    with pytest.raises(FrozenInstanceError):
        machine[0].findings[0].label = "other"  # type: ignore[misc]


def test_that_undo_covers_the_readers_work_in_order(analysed: Session) -> None:
    analysed.accept("laa")
    analysed.reject("right", "no")
    name = analysed.add_measurement(measurement())
    analysed.add_key_image()
    analysed.set_impression("N")
    analysed.set_impression("Normal")
    assert analysed.undo_name == "impression"
    analysed.undo()
    assert analysed.state.impression == ""
    analysed.undo()
    assert analysed.state.key_images == ()
    analysed.undo()
    assert analysed.state.measurements == ()
    analysed.undo()
    assert analysed.state.decision_of("right").verdict is Verdict.PENDING
    analysed.undo()
    assert not analysed.undo()
    assert analysed.state.decisions == {}
    while analysed.redo():
        pass
    assert analysed.state.impression == "Normal"
    assert [m.id for m in analysed.state.measurements] == [name]
    assert analysed.state.reviewed == (2, 3)


def test_that_a_new_act_ends_redo(analysed: Session) -> None:
    analysed.accept("laa")
    analysed.undo()
    assert analysed.redo_name == "accept Low attenuation (LAA-950)"
    analysed.accept("right")
    assert not analysed.redo()


def test_that_undo_leaves_the_view_and_the_machine_alone(session: Session) -> None:
    request = session.start_analysis(FIRST, "lung-ct")
    session.add_key_image()
    session.add_result(make_result(), request)
    session.scroll(1)
    session.set_window(Window(0, 9))
    ear = Ear(session)
    assert session.undo()
    assert ear.heard == [Change.KEY_IMAGE]
    assert (session.state.index, session.state.window) == (1, Window(0, 9))
    assert session.state.result is not None


def test_that_a_decision_can_be_taken_back_and_saying_it_twice_is_one_act(analysed: Session) -> None:
    analysed.accept("laa")
    analysed.accept("laa")
    analysed.reset("laa")
    assert analysed.state.decision_of("laa").verdict is Verdict.PENDING
    analysed.undo()
    assert analysed.state.decision_of("laa").verdict is Verdict.ACCEPTED
    analysed.undo()
    assert not analysed.undo()


def test_that_the_impression_belongs_to_its_study(session: Session) -> None:
    session.open(make_scan(make_series("5.1", study="5", patient="P2"), patient="P2", name="Roe^Rick"))
    session.set_impression("of Jane")
    session.show("5.1")
    assert session.state.impression == ""
    session.set_impression("of Rick")
    session.show(FIRST)
    assert session.state.impression == "of Jane"


def test_that_measurements_are_named_stamped_replaced_and_removed(session: Session) -> None:
    name = session.add_measurement(measurement())
    kept = session.state.measurements[0]
    assert (kept.reader, kept.time) == ("reader01", NOW.isoformat())
    session.add_measurement(replace(kept, text="30.0 mm"))
    assert [m.text for m in session.state.measurements] == ["30.0 mm"]
    session.remove_measurement(name)
    session.remove_measurement("unknown")
    assert session.state.measurements == ()


def test_that_a_key_image_is_marked_once_and_toggled(session: Session) -> None:
    session.toggle_key_image()
    session.add_key_image(KeyImage(FIRST, Plane.NATIVE, 4, None, "again"))
    assert len(session.state.key_images) == 1
    session.toggle_key_image()
    assert session.state.key_images == ()
