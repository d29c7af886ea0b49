"""What a session's acts become in the log-book: each decision once, undo as a later entry, no patient."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from medviewer.ai.findings import ResultState
from medviewer.review.logbook import LogBook
from medviewer.review.logbook_csv import to_csv
from medviewer.review.logbook_entries import entries_between, run_of, without_patient
from medviewer.review.logbook_records import Answer, Logged, LoggedDecision, LoggedRun
from medviewer.review.modification import modification
from medviewer.review.session import Session
from medviewer.review.state import Decision, State, Verdict
from tests.review.edited import finding, smaller
from tests.review.makers import FIRST, NOW, clock, make_result, make_scan, make_volume, provenance
from tests.review.test_thresholding import FINDING, POINTS, add, session_with


class Written:
    """A session, and everything its acts would write."""

    def __init__(self, **scan: object) -> None:
        self.session = Session("Dr Test", clock=clock)
        self.entries: list[Logged] = []
        self._state: State = self.session.state
        self.session.subscribe(self._changed)
        self.session.open(make_scan(**scan))  # type: ignore[arg-type]
        self.session.show(FIRST)

    def _changed(self, state: State, _: object) -> None:
        self.entries += entries_between(self._state, state, NOW)
        self._state = state

    def analyze(self, **facts: object) -> None:
        number = self.session.start_analysis(FIRST, "lung-ct")
        assert self.session.add_result(make_result(**facts), number)  # type: ignore[arg-type]

    @property
    def answers(self) -> list[tuple[str, str]]:
        return [(d.label, str(d.answer)) for d in self.entries if isinstance(d, LoggedDecision)]


def test_that_a_run_is_told_once_with_its_findings() -> None:
    written = Written()
    written.analyze()
    (run,) = written.entries
    assert isinstance(run, LoggedRun)
    assert (run.model_id, run.model_version, run.device, run.seconds) == ("lung-ct", "1.0.0", "CPU", 4.2)
    assert (run.state, run.started) == ("findings", "2026-11-21T10:12:00+00:00")
    assert [one.label for one in run.findings] == ["Low attenuation (LAA-950)", "Right lung", "Left lung"]
    assert len({one.finding for one in run.findings}) == 3


def test_that_a_run_without_result_is_told_too() -> None:
    written = Written()
    written.analyze(state=ResultState.FAILED)
    assert [getattr(run, "state", "") for run in written.entries] == ["failed"]


def test_that_times_are_utc() -> None:
    made = provenance(started="2026-11-21T12:12:00+02:00")
    assert run_of(make_result(provenance=made)).started == "2026-11-21T10:12:00+00:00"


def test_that_each_decision_is_an_entry_and_undo_and_redo_are_later_ones() -> None:
    written = Written()
    written.analyze()
    session = written.session
    session.accept("right")
    session.reject("right", "Wrong place or outline")
    session.undo()
    session.undo()
    session.redo()
    session.reset("right")
    assert written.answers == [
        ("Right lung", answer)
        for answer in ("accepted", "rejected", "accepted", "undone", "accepted", "undone")
    ]
    rejected = written.entries[2]
    assert isinstance(rejected, LoggedDecision)
    assert (rejected.reason, rejected.assessor) == ("Wrong place or outline", "Dr Test")
    assert rejected.run == getattr(written.entries[0], "key", "")


def test_that_a_modified_finding_refers_to_both_objects() -> None:
    written = Written()
    written.analyze()
    before = written.session.state
    change = modification(finding(), smaller(), make_volume())
    edited = Decision("right", Verdict.MODIFIED, "", "Dr Test", NOW.isoformat(), change)
    (told,) = entries_between(before, replace(before, decisions={"right": edited}), NOW)
    assert isinstance(told, LoggedDecision)
    assert told.answer is Answer.MODIFIED
    assert told.modified
    assert told.finding
    assert told.modified != told.finding


def test_that_an_edit_its_undo_and_redo_are_three_entries(tmp_path: Path) -> None:
    written = Written()
    written.analyze()
    written.session.set_volume(FIRST, make_volume())
    written.session.modify("right", smaller())
    written.session.undo()
    written.session.redo()
    assert written.answers == [("Right lung", a) for a in ("modified", "undone", "modified")]
    first, _, again = (entry for entry in written.entries if isinstance(entry, LoggedDecision))
    assert first.modified == again.modified != ""
    assert first.assessor == "Dr Test"


def test_that_closing_the_study_takes_no_decision_back() -> None:
    written = Written()
    written.analyze()
    written.session.accept("right")
    written.session.close()
    assert written.answers == [("Right lung", "accepted")]


def test_that_moving_about_writes_nothing() -> None:
    written = Written()
    written.analyze()
    written.session.next_finding()
    written.session.scroll(2)
    assert len(written.entries) == 1


def test_that_a_second_run_of_the_same_series_names_its_findings_alike() -> None:
    written = Written()
    written.analyze()
    written.analyze(provenance=provenance(started="2026-11-21T11:00:00+00:00"))
    first, second = written.entries
    assert isinstance(first, LoggedRun)
    assert isinstance(second, LoggedRun)
    assert first.key != second.key
    assert [f.finding for f in first.findings] == [f.finding for f in second.findings]
    assert any("~" in finding.id for finding in written.session.state.findings)


def test_that_the_reader_s_threshold_is_told() -> None:
    session = session_with()
    finding = add(session, "1.0.0", FINDING)
    session.set_threshold(finding.id, POINTS[0].threshold)
    before = session.state
    session.accept(finding.id)
    (told,) = entries_between(before, session.state, NOW)
    assert isinstance(told, LoggedDecision)
    assert told.threshold == POINTS[0].threshold


NAMES = "Ørsted-Łukasz^Zoë Marie=王^小東"
PLANTED = (b"rsted", b"ukasz", b"Zo", b"Marie", b"QX-4711", b"19490102", b"1949-01-02", b"02.01.1949")


def test_that_no_patient_is_in_the_file_nor_the_table(tmp_path: Path) -> None:
    written = Written(name=NAMES)
    state = written.session.state
    assert state.scan is not None
    patient = replace(state.scan.patients[0], id="QX-4711", birth_date="19490102", name=NAMES)
    scan = replace(state.scan, patients=(patient,))
    written.session.open(scan, add=False)
    written.session.show(FIRST)
    written.analyze()
    said = (
        "Frau ØRSTED (zoë marie), geb. 02.01.1949 / 2.1.1949 / 1949-01-02, QX-4711, 19490102, Łukasz's scar; "
        "王小東 小東さん"
    )
    written.session.reject("right", said)
    book = LogBook(tmp_path / "book" / "ai-logbook.sqlite")
    book.write(written.entries)
    held = b"".join(path.read_bytes() for path in (tmp_path / "book").iterdir()) + to_csv(book.read())
    # UIDs name a patient to whoever has the archive; 1.2.3.1 is the series'.
    for planted in (*PLANTED, "小東".encode(), "Ørsted".encode(), b"1.2.3.1", b"P1", b"2.1.1949"):
        assert planted.lower() not in held.lower(), planted
    assert b"scar" in held
    assert b"Dr Test" in held


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Doe moved", "\u2026 moved"),
        ("doe's hand", "\u2026's hand"),
        ("does not fit", "does not fit"),
        ("ID-77, not ID-778", "\u2026, not ID-778"),
        ("", ""),
    ],
)
def test_that_only_whole_words_are_left_out(said: str, kept: str) -> None:
    assert without_patient(said, make_scan().patients[0]) == kept
