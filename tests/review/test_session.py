"""The session: what each act changes, and what it must never change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from medviewer.errors import UsageError, WriteError
from medviewer.imaging.render import OverlayStyle
from medviewer.imaging.window import Window
from medviewer.review.session import Session
from medviewer.review.state import Change, State
from tests.review.makers import (
    FIRST,
    SECOND,
    SHAPE,
    Ear,
    clock,
    make_result,
    make_scan,
    make_series,
    make_volume,
)


def test_that_a_series_is_shown_with_its_own_patient_at_its_middle_image_and_own_window(
    session: Session,
) -> None:
    state = session.state
    assert state.patient is not None
    assert state.patient.name == "Doe^Jane"
    assert state.study is not None
    assert state.study.uid == "1.2.3"
    assert (state.index, state.window, state.volume) == (4, Window(-600, 1500), None)


def test_that_a_series_comes_back_as_it_was_left(session: Session) -> None:
    session.scroll(6)
    session.set_window(Window(40, 400))
    session.show(SECOND)
    assert (session.state.index, session.state.window) == (4, Window(-600, 1500))
    session.show(FIRST)
    assert (session.state.index, session.state.window) == (6, Window(40, 400))


def test_that_the_volume_of_another_series_is_refused(session: Session) -> None:
    session.show(SECOND)
    assert not session.set_volume(FIRST, make_volume())
    assert session.state.volume is None
    assert session.set_volume(SECOND, make_volume())


def test_that_scrolling_stops_at_the_ends(session: Session) -> None:
    session.scroll(999)
    assert session.state.index == SHAPE[0] - 1
    session.scroll(-5)
    assert session.state.index == 0


def test_that_only_painted_images_count_as_seen(session: Session) -> None:
    session.scroll(7)
    assert session.state.seen_fraction == 0
    for index in (0, 1, 1, 99):
        session.mark_seen(index)
    assert session.state.seen_fraction == 2 / SHAPE[0]


def test_that_low_values_are_bright_where_the_header_says_monochrome1() -> None:
    session = Session()
    session.open(make_scan(make_series(photometric="MONOCHROME1")))
    session.show(FIRST)
    assert session.state.window == Window(-600, 1500, invert=True)
    session.set_volume(FIRST, make_volume())
    session.auto_window()
    assert session.state.window is not None
    assert session.state.window.invert


def test_that_without_a_window_of_its_own_hu_is_soft_tissue_and_raw_values_choose_once_there() -> None:
    session = Session()
    raw = make_series("1.2.3.2", windows=(), unit="", modality="MR")
    session.open(make_scan(make_series(windows=()), raw))
    session.show(FIRST)
    assert session.state.window == Window(40, 400)
    session.show(SECOND)
    assert session.state.window is None
    empty = replace(make_volume(), voxels=make_volume().voxels * 0)
    session.set_volume(SECOND, empty)
    assert session.state.window is None
    session.set_volume(SECOND, make_volume())
    assert session.state.window is not None


def test_that_an_unknown_series_or_finding_is_refused_and_nothing_changes(session: Session) -> None:
    before = session.state
    for act in (lambda: session.show("9"), lambda: session.accept("x"), lambda: session.select_finding("x")):
        with pytest.raises(UsageError):
            act()
    assert session.state is before


def test_that_listeners_hear_what_changed_until_they_leave(session: Session) -> None:
    ear = Ear(session)
    session.scroll(1)
    session.scroll(1)
    session.set_window(Window(0, 100))
    session.set_style(OverlayStyle(fill=0.5))
    session.hide_overlay(True)
    assert ear.heard == [Change.SLICE, Change.WINDOW, Change.STYLE, Change.OVERLAY]
    ear.unsubscribe()
    ear.unsubscribe()
    session.scroll(2)
    assert len(ear.heard) == 4


def test_that_a_listener_may_act_and_all_hear_in_the_same_order(session: Session) -> None:
    heard: list[tuple[int, Change]] = []
    session.subscribe(
        lambda state, change: session.set_window(Window(1, 2)) if change == Change.SLICE else None
    )
    session.subscribe(lambda state, change: heard.append((state.index, change)))
    session.scroll(0)
    assert heard == [(0, Change.SLICE), (0, Change.WINDOW)]


def test_that_a_late_or_cancelled_answer_is_dropped(session: Session) -> None:
    first = session.start_analysis(FIRST, "lung-ct")
    second = session.start_analysis(FIRST, "lung-ct")
    assert not session.add_result(make_result(), first)
    session.cancel_analysis()
    assert session.state.run is None
    assert not session.add_result(make_result(), second)
    assert session.state.results == ()


def test_that_a_result_of_another_series_or_patient_is_refused(session: Session) -> None:
    request = session.start_analysis(FIRST, "lung-ct")
    assert not session.add_result(make_result(series_key=SECOND), request)
    assert not session.add_result(make_result(patient_key="P2"), request)
    assert session.add_result(make_result(), request)


def test_that_a_result_is_kept_though_another_series_is_on_screen(session: Session) -> None:
    request = session.start_analysis(FIRST, "lung-ct")
    session.show(SECOND)
    assert session.add_result(make_result(), request)
    assert session.state.result is None
    session.show(FIRST)
    assert session.state.result is not None


def test_that_annotation_levels_are_three(session: Session) -> None:
    session.annotation_level("minimal")
    assert session.state.annotations == "minimal"
    with pytest.raises(UsageError):
        session.annotation_level("some")


def test_that_opening_the_same_again_adds_nothing_and_keeps_the_screen(session: Session) -> None:
    shown = session.state.series
    session.open(make_scan())
    assert session.state.scan is not None
    assert [s.key for s in session.state.scan.all_series()] == [FIRST, SECOND]
    assert session.state.series is shown


def test_that_a_fuller_copy_of_the_series_on_screen_takes_its_place_and_asks_for_pixels() -> None:
    session = Session()
    session.open(make_scan(make_series(slices=2)))
    session.show(FIRST)
    session.set_volume(FIRST, make_volume(2))
    ear = Ear(session)
    session.open(make_scan(make_series()))
    assert session.state.series is not None
    assert len(session.state.series.instances) == SHAPE[0]
    assert session.state.volume is None
    assert Change.VOLUME in ear.heard[0]


def test_that_replacing_forgets_the_last_patient_and_late_answers_with_it(analysed: Session) -> None:
    request = analysed.start_analysis(FIRST, "lung-ct")
    analysed.set_impression("of Jane")
    analysed.open(make_scan(make_series("5.1", study="5", patient="P2"), patient="P2"), add=False)
    state = analysed.state
    assert (state.patient, state.series, state.results, dict(state.impressions)) == (None, None, (), {})
    assert not analysed.add_result(make_result(), request)
    assert not analysed.undo()
    assert state.reader == "reader01"


def test_that_acts_reach_the_audit_without_patient_data_and_a_full_disk_stops_nobody(
    expected_log: Callable[[str], None],
) -> None:
    lines: list[tuple[str, dict[str, object]]] = []

    class Sink:
        full = False

        def append(self, action: str, **facts: object) -> None:
            if self.full:
                raise WriteError("The disk is full.")
            lines.append((action, facts))

    sink = Sink()
    session = Session("reader01", sink, clock)
    session.open(make_scan())
    session.show(FIRST)
    session.add_result(make_result(), session.start_analysis(FIRST, "lung-ct"))
    session.accept("laa")
    session.undo()
    assert [action for action, _ in lines] == ["open", "analyze", "decide", "undo"]
    assert not any(word in str(lines) for word in ("Doe", "ID-77", "1.2.3.1", "1949"))
    sink.full = True
    expected_log("the audit could not be written")
    session.accept("laa")
    assert session.state.reviewed == (1, 3)


def test_that_an_empty_session_ignores_acts_on_nothing() -> None:
    session = Session()
    session.scroll(1)
    session.auto_window()
    session.next_finding()
    session.toggle_key_image()
    session.set_impression("x")
    session.cancel_analysis()
    session.mark_seen(0)
    assert not session.undo()
    assert session.state.seen == State().seen
    session.close()
    assert session.state.scan is None
