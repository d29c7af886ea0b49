"""A finding that the reader modified: who and when, undo, taking it back, keeping it; the model's stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from medviewer.errors import UsageError
from medviewer.review.deciding import as_read
from medviewer.review.kept_work import decode, encode, kept_decision
from medviewer.review.session import Session
from medviewer.review.state import Change, Decision, Verdict
from tests.review.edited import EMPTY, LUNG, finding, outline, session_with, smaller
from tests.review.kept import fresh, kept
from tests.review.makers import FIRST, NOW, SECOND, Ear, clock, make_result, make_scan, make_volume


def box_of(session: Session) -> Any:
    state = session.state
    mask = as_read(state, state.findings[0]).mask
    assert mask is not None
    return mask.full()


def test_that_it_has_reader_and_time_and_the_models_outline_stays() -> None:
    session = session_with()
    before = LUNG.box.copy()
    ear = Ear(session)
    session.modify("right", smaller())
    decision = session.state.decision_of("right")
    assert (decision.verdict, decision.reader, decision.time) == (
        Verdict.MODIFIED,
        "reader01",
        NOW.isoformat(),
    )
    assert ear.heard == [Change.DECISION]
    assert session.state.findings[0].mask is LUNG
    assert np.array_equal(LUNG.box, before)
    assert np.array_equal(box_of(session), smaller().full())
    assert session.state.reviewed == (1, 1)


def test_that_undo_and_redo_carry_the_outline() -> None:
    session = session_with()
    session.modify("right", smaller())
    session.modify("right", outline((0, 0, 0)))
    assert session.undo_name == "edit Right lung"
    session.undo()
    assert np.array_equal(box_of(session), smaller().full())
    session.undo()
    assert np.array_equal(box_of(session), LUNG.full())
    session.redo()
    session.redo()
    assert np.array_equal(box_of(session), outline((0, 0, 0)).full())


@pytest.mark.parametrize("act", ["reject", "reset", "accept"])
def test_that_another_decision_gives_the_models_outline_back_and_undo_the_readers(act: str) -> None:
    session = session_with()
    session.modify("right", smaller())
    getattr(session, act)("right")
    assert as_read(session.state, session.state.findings[0]) is session.state.findings[0]
    session.undo()
    assert np.array_equal(box_of(session), smaller().full())


def test_that_the_same_outline_again_is_no_act() -> None:
    session = session_with()
    session.modify("right", smaller())
    ear = Ear(session)
    session.modify("right", smaller())
    assert ear.heard == []


def test_that_only_the_readers_sentence_is_agreed_to() -> None:
    session = session_with()
    session.modify("right", smaller())
    told = as_read(session.state, session.state.findings[0]).sentence
    assert "modified by the reader" in told
    assert "3.7" not in told


def test_that_nothing_left_is_refused_and_changes_nothing() -> None:
    session = session_with()
    with pytest.raises(UsageError, match="Nothing is left"):
        session.modify("right", EMPTY)
    assert session.state.decision_of("right").verdict is Verdict.PENDING
    assert not session.undo_name


def test_that_a_finding_whose_images_are_not_on_screen_is_refused() -> None:
    session = session_with()
    session.show(SECOND)
    session.set_volume(SECOND, make_volume())
    with pytest.raises(UsageError, match="not on screen"):
        session.modify("right", smaller())


def test_that_the_audit_names_the_outline_by_its_hash_alone() -> None:
    class Sink:
        def __init__(self) -> None:
            self.facts: dict[str, Any] = {}

        def append(self, action: str, **facts: Any) -> None:
            self.facts = {"action": action, **facts}

    sink = Sink()
    session = Session("reader01", sink, clock)
    session.open(make_scan())
    session.show(FIRST)
    session.set_volume(FIRST, make_volume())
    session.add_result(make_result(findings=(finding(),)), session.start_analysis(FIRST, "lung-ct"))
    session.modify("right", smaller())
    change = session.state.decision_of("right").modification
    assert change is not None
    told = sink.facts["action"], sink.facts["verdict"], sink.facts["outline"]
    assert told == ("decide", "modified", change.digest)


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.MODIFIED])
def test_that_no_other_decision_may_hold_an_outline(verdict: Verdict) -> None:
    session = session_with()
    session.modify("right", smaller())
    with pytest.raises(ValueError, match="modified"):
        replace(session.state.decision_of("right"), verdict=verdict)
    with pytest.raises(ValueError, match="modified"):
        Decision("right", Verdict.MODIFIED)


# Kept between two runs


def test_that_kept_work_brings_the_outline_back_voxel_for_voxel() -> None:
    session = session_with()
    session.modify("right", smaller())
    work = decode(encode(kept(session)))
    assert work == kept(session)
    again = fresh()
    again.set_volume(FIRST, make_volume())
    again.restore(work)
    again.add_result(make_result(findings=(finding(),)), again.start_analysis(FIRST, "lung-ct"))
    assert again.restore_decisions(work.decisions) == ()
    assert np.array_equal(box_of(again), smaller().full())
    assert again.state.decision_of("right").reader == "reader01"
    again.undo()
    assert again.state.decision_of("right").verdict is Verdict.PENDING


def test_that_of_two_decisions_on_one_finding_the_last_alone_comes_back() -> None:
    """The first was made on an earlier run of the same model: it holds for nothing any more."""
    session = session_with()
    session.modify("right", smaller())
    assert session.add_result(make_result(findings=(finding(),)), session.start_analysis(FIRST, "lung-ct"))
    session.reject("right~2", "artefact")
    work = kept(session)
    again = session_with()
    assert again.restore_decisions(work.decisions) == ()
    assert again.state.decision_of("right").verdict is Verdict.REJECTED
    again.reset("right")
    assert again.restore_decisions(()) == ()
    assert again.state.decision_of("right").verdict is Verdict.PENDING


def test_that_an_outline_comes_back_to_its_own_finding_of_two_that_say_the_same() -> None:
    session = session_with(finding("one"), finding("two"))
    session.modify("two", smaller())
    again = session_with(finding("one"), finding("two"))
    assert again.restore_decisions(kept(session).decisions) == ()
    assert again.state.decision_of("one").verdict is Verdict.PENDING
    assert again.state.decision_of("two").modification is not None


def test_that_an_outline_of_another_grid_is_not_given_to_a_finding() -> None:
    session = session_with()
    session.modify("right", smaller())
    change = session.state.decision_of("right").modification
    assert change is not None
    far = replace(session.state.decision_of("right"), modification=replace(change, origin=(7, 39, 47)))
    again = session_with()
    waiting = (kept_decision(far, again.state.results[0], again.state.findings[0]),)
    assert again.restore_decisions(waiting) == waiting
    assert again.state.decision_of("right").verdict is Verdict.PENDING


def test_that_work_kept_before_findings_could_be_modified_is_read() -> None:
    session = session_with()
    session.accept("right")
    work = kept(session)
    old = encode(work).replace(b"medviewer.work/2", b"medviewer.work/1")
    assert decode(old.replace(b', "modification": null', b"")) == work
    with pytest.raises(ValueError, match="missing"):
        decode(b'{"schema": "medviewer.work/1"}')
