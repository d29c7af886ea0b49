"""The stop rule to the letter: full windows, ties, versions apart, undo, resets."""

from __future__ import annotations

from math import comb

import pytest

from medviewer.ai.findings import STOP_OVERRIDDEN, Notice
from medviewer.errors import UsageError
from medviewer.review.logbook_records import LogData
from medviewer.review.report_words import state_notice
from medviewer.review.stop_rule import StopRule, standing, stops
from tests.review.logbooks import LUNG, decided, decision, reset
from tests.review.makers import make_result, provenance

RULE = StopRule(True, 70, 20)
OTHER = ("lung-ct", "1.1.0")


def is_stopped(answers: str, rule: StopRule = RULE) -> bool:
    return LUNG in stops(LogData(decisions=decided(answers)), rule)


def test_that_a_share_just_reached_is_enough_and_one_less_is_not() -> None:
    assert not is_stopped("a" * 14 + "r" * 6)
    assert is_stopped("a" * 13 + "r" * 7)


def test_that_fewer_than_a_full_window_stop_nothing() -> None:
    assert not is_stopped("r" * 19)
    assert is_stopped("r" * 20)


def test_that_the_window_is_exactly_the_last_ones() -> None:
    # 6 rejected at first, then 14 accepted: just enough; the next 7 rejected leave 13 of the last 20 when the
    # first 7 (6 rejected, 1 accepted) fall out of it.
    assert not is_stopped("r" * 6 + "a" * 14)
    assert not is_stopped("r" * 6 + "a" * 14 + "r" * 6)
    assert is_stopped("r" * 6 + "a" * 14 + "r" * 7)


@pytest.mark.parametrize(("percent", "window"), [(33, 9), (67, 9), (50, 5), (100, 7), (1, 100)])
def test_that_the_bound_is_whole_numbers_not_rounded_shares(percent: int, window: int) -> None:
    rule = StopRule(True, percent, window)
    for accepted in range(window + 1):
        answers = "a" * accepted + "r" * (window - accepted)
        assert is_stopped(answers, rule) == (accepted * 100 < percent * window)


def test_that_a_modified_finding_was_not_accepted() -> None:
    assert is_stopped("a" * 13 + "m" * 7)
    stop = stops(LogData(decisions=decided("a" * 8 + "m" * 2 + "r" * 10)), RULE)[LUNG]
    assert (stop.accepted, stop.modified, stop.rejected, stop.decided) == (8, 2, 10, 20)
    assert stop.words() == "Stopped by this site's rule: 10 of the last 20 rejected and 2 modified."


def test_that_the_words_say_how_many_of_how_many() -> None:
    stop = stops(LogData(decisions=decided("a" * 8 + "r" * 12)), RULE)[LUNG]
    assert stop.words() == "Stopped by this site's rule: 12 of the last 20 rejected."


def test_that_versions_and_models_are_never_mixed() -> None:
    old = decided("r" * 10 + "a" * 9)
    new = decided("r" * 10, start=100, model_version=OTHER[1])
    third = decided("r" * 20, start=200, model_id="brain-mr")
    assert not stops(LogData(decisions=(*old, *new)), RULE)
    assert set(stops(LogData(decisions=(*old, *new, *third)), RULE)) == {("brain-mr", "1.0.0")}


def test_that_interleaved_versions_are_counted_each_by_its_own() -> None:
    mixed = [
        decision(k, "r" if k % 2 else "a", model_version=OTHER[1] if k % 2 else LUNG[1]) for k in range(1, 41)
    ]
    assert set(stops(LogData(decisions=tuple(mixed)), RULE)) == {OTHER}


def test_that_a_decision_taken_back_counts_as_never_made() -> None:
    rejected = decided("a" * 13 + "r" * 7)
    assert stops(LogData(decisions=rejected), RULE)
    taken_back = (*rejected, decision(21, "u", subject=20))
    assert len(standing(taken_back)) == 19
    assert not stops(LogData(decisions=taken_back), RULE)
    again = (*taken_back, decision(22, "r", subject=20))
    assert stops(LogData(decisions=again), RULE)


def test_that_only_the_last_word_on_a_finding_counts_and_at_its_place() -> None:
    changed = (*decided("a" * 13 + "r" * 7), decision(21, "a", subject=20))
    assert not stops(LogData(decisions=changed), RULE)
    assert [d.number for d in standing(changed)][-1] == 21
    assert len(standing(changed)) == 20


def test_that_one_series_analyzed_twice_counts_once() -> None:
    twice = tuple(decision(k, "r", subject=1, run=f"run{k}") for k in range(1, 41))
    assert not stops(LogData(decisions=twice), RULE)
    assert len(standing(twice)) == 1


def test_that_a_stopped_model_stays_so_whatever_comes_after() -> None:
    assert is_stopped("r" * 20 + "a" * 200)


def test_that_a_reset_lets_it_run_and_counts_anew() -> None:
    before = decided("r" * 20)
    assert not stops(LogData(decisions=before, acts=(reset(21),)), RULE)
    after = decided("r" * 19, start=22)
    assert not stops(LogData(decisions=(*before, *after), acts=(reset(21),)), RULE)
    last = decision(60, "r")
    assert stops(LogData(decisions=(*before, *after, last), acts=(reset(21),)), RULE)


def test_that_a_reset_is_of_one_version() -> None:
    data = LogData(decisions=decided("r" * 20), acts=(reset(21, OTHER),))
    assert set(stops(data, RULE)) == {LUNG}


def test_that_a_rule_switched_off_stops_nothing() -> None:
    assert not is_stopped("r" * 200, StopRule(is_on=False))
    assert StopRule(is_on=False).words() == "No stop rule is set."


def test_that_the_default_is_on_and_spares_a_model_that_deserves_eighty_per_cent() -> None:
    rule = StopRule()
    assert rule.is_on
    assert is_stopped("a" * 9 + "r" * 11, rule)
    assert not is_stopped("a" * 10 + "r" * 10, rule)
    chance = sum(comb(20, k) * 0.8**k * 0.2 ** (20 - k) for k in range(21) if rule.is_broken_by(k))
    assert chance == pytest.approx(0.00056, abs=0.00001)


@pytest.mark.parametrize(("percent", "window"), [(0, 20), (101, 20), (70, 4), (70, 501)])
def test_that_a_rule_that_makes_no_sense_is_refused(percent: int, window: int) -> None:
    with pytest.raises(UsageError):
        StopRule(True, percent, window)


def test_that_the_report_says_which_refusal_was_overridden() -> None:
    forced = provenance(forced=True)
    stopped = make_result(provenance=forced, warnings=(Notice(STOP_OVERRIDDEN, "Run although stopped."),))
    assert state_notice(stopped) == ("The model was run although this site's rule had stopped it.",)
    assert state_notice(make_result(provenance=forced)) == (
        "The model was run although this scan does not suit it.",
    )
