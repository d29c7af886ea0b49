"""The reader's work between two runs: the same to the letter, given back to the same images alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from medviewer.errors import UsageError
from medviewer.review.kept_work import KeptWork, decode, encode
from medviewer.review.session import Session
from medviewer.review.state import Verdict, study_key
from tests.review.kept import fresh, kept
from tests.review.makers import FIRST, clock, make_result, make_scan, make_series, provenance


def test_that_it_comes_back_in_one_step_onto_the_same_images(work: KeptWork) -> None:
    session = fresh()
    assert session.restore(work) == 0
    state = session.state
    assert state.impression == "Émphysème; 所見なし"
    assert state.key_images == work.key_images
    assert state.calibrations == work.calibrations
    (measured,) = state.measurements
    assert replace(measured, id="m1") == work.measurements[0]
    assert session.add_measurement(replace(measured, id="", index=4)) != measured.id
    session.undo()
    session.undo()
    assert (session.state.impression, session.state.measurements) == ("", ())


def test_that_restoring_twice_doubles_nothing(work: KeptWork) -> None:
    session = fresh()
    session.restore(work)
    once = kept(session)
    session.restore(work)
    assert kept(session).same_as(once)


def test_that_what_was_done_since_stays(work: KeptWork) -> None:
    session = fresh()
    session.set_impression("New words.")
    session.restore(work)
    assert session.state.impression == "Émphysème; 所見なし\nNew words."


def test_that_other_images_under_the_same_uid_get_nothing(work: KeptWork) -> None:
    session = Session("reader02", clock=clock)
    session.open(make_scan(make_series(sops=[f"9.{k}" for k in range(8)])))
    session.show(FIRST)
    assert session.restore(work) == 3
    assert (session.state.measurements, session.state.key_images, session.state.calibrations) == ((), (), ())


def test_that_another_patients_study_gets_nothing(work: KeptWork) -> None:
    session = Session("reader02", clock=clock)
    session.open(make_scan(patient="P2"))
    session.show(FIRST)
    with pytest.raises(UsageError, match="another study"):
        session.restore(work)
    assert session.restore_decisions(work.decisions) == work.decisions


def test_that_decisions_wait_for_the_very_same_finding(work: KeptWork) -> None:
    session = fresh()
    session.restore(work)
    assert session.restore_decisions(work.decisions) == work.decisions
    other = make_result(provenance=provenance(weights_sha256="0" * 64))
    assert session.add_result(other, session.start_analysis(FIRST, "lung-ct"))
    assert session.restore_decisions(work.decisions) == work.decisions
    assert session.add_result(make_result(), session.start_analysis(FIRST, "lung-ct"))
    assert session.restore_decisions(work.decisions) == ()
    by_label = {f.label: session.state.decision_of(f.id) for f in session.state.findings}
    assert by_label["Low attenuation (LAA-950)"].verdict is Verdict.ACCEPTED
    assert (by_label["Left lung"].reason, by_label["Left lung"].reader) == ("cut off", "reader01")
    assert by_label["Right lung"].verdict is Verdict.PENDING


def test_that_a_decision_of_today_counts(work: KeptWork) -> None:
    session = fresh()
    assert session.add_result(make_result(), session.start_analysis(FIRST, "lung-ct"))
    session.reject("laa", "no")
    assert session.restore_decisions(work.decisions) == ()
    assert session.state.decision_of("laa").verdict is Verdict.REJECTED


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"schema": 1}', b"\xff", b'{"schema": "medviewer.work/1"}']
)
def test_that_what_is_no_work_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of any kind
        decode(data)


def test_that_unknown_fields_and_kinds_are_refused(work: KeptWork) -> None:
    for old, new in ((b'"index": 3', b'"index": "3"'), (b'"caption"', b'"captions"'), (b'"length"', b"7")):
        assert old in encode(work)
        with pytest.raises(ValueError):  # noqa: PT011
            decode(encode(work).replace(old, new, 1))


def test_that_the_window_starts_without_keyring_and_cryptography() -> None:
    code = "import sys, medviewer.ui.app; print({'keyring', 'cryptography'} & sys.modules.keys())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"


def test_that_work_on_nothing_is_empty() -> None:
    session = fresh()
    assert kept(session).is_empty
    assert session.state.patient is not None
    assert session.state.study is not None
    assert kept(session).study == study_key(session.state.patient, session.state.study)
