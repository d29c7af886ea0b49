"""Agreement: shares by version and finding, Wilson's interval, courses, reasons, small numbers said."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medviewer.review.agreement import (
    FEW,
    NO_REASON,
    Agreement,
    by_label,
    by_version,
    course,
    reasons,
    versions,
    wilson,
)
from medviewer.review.logbook_records import LogData
from tests.review.logbooks import LUNG, data_of, decided, decision, run


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_that_the_ends_of_the_interval_are_where_the_score_test_just_rejects(pair: tuple[int, int]) -> None:
    k, n = pair
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            assert abs(k / n - end) == pytest.approx(1.959963984540054 * sqrt(end * (1 - end) / n), abs=1e-9)


def test_the_interval_against_published_figures() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)


def test_that_counts_are_of_what_stands_now() -> None:
    data = data_of("aaarm")
    undone = decision(6, "u", subject=4)
    row = by_version(LogData(data.runs, (*data.decisions, undone)))[LUNG]
    assert (row.accepted, row.modified, row.rejected) == (3, 1, 0)
    assert (row.found, row.decided, row.not_reviewed, row.runs) == (5, 4, 1, 5)
    assert row.share == 3 / 4
    assert row.name == "Lungs on chest CT 1.0.0"


def test_that_a_series_analyzed_twice_has_each_finding_once() -> None:
    again = run(1)
    data = LogData((run(1), again), (decision(1, "a", subject=1),))
    row = by_version(data)[LUNG]
    assert (row.found, row.decided, row.runs) == (1, 1, 2)


def test_that_versions_stay_apart_and_in_the_order_first_run() -> None:
    new = ("lung-ct", "2.0.0")
    data = LogData(
        (run(1, new), run(2)), (decision(1, "r", subject=1, model_version="2.0.0"), decision(2, "a"))
    )
    assert [version for version, _ in versions(data)] == [new, LUNG]
    rows = by_version(data)
    assert (rows[new].rejected, rows[new].accepted) == (1, 0)
    assert (rows[LUNG].rejected, rows[LUNG].accepted) == (0, 1)


def test_that_a_decision_whose_run_was_set_aside_still_counts() -> None:
    row = by_version(LogData((), decided("ar")))[LUNG]
    assert (row.name, row.decided, row.not_reviewed) == ("lung-ct 1.0.0", 2, 0)


def test_that_findings_of_one_version_are_told_by_label() -> None:
    runs = tuple(run(k, labels=("Right lung", "Left lung")) for k in (1, 2, 3))
    left = [decision(k + 10, "r", subject=k, finding="f1", label="Left lung") for k in (1, 2)]
    rows = by_label(LogData(runs, (*decided("aaa"), *left)), LUNG)
    assert [(r.name, r.accepted, r.rejected, r.not_reviewed) for r in rows] == [
        ("Right lung", 3, 0, 0),
        ("Left lung", 0, 2, 1),
    ]
    assert by_label(LogData(runs), ("lung-ct", "9")) == ()


def test_that_small_numbers_are_said_and_make_no_share() -> None:
    assert Agreement("x", 3, 0, 1).words() == "3 of 4 accepted: too few to judge"
    assert Agreement("x").words() == "nothing decided yet"
    assert Agreement("x").share is None
    assert "too few" in Agreement("x", FEW - 1).words()
    assert "too few" not in Agreement("x", FEW).words()


def test_that_a_share_stands_with_its_interval_and_n() -> None:
    assert Agreement("x", 18, 0, 4).words() == "82\u2009% (61 to 93), 18 of 22"
    assert Agreement("x", 20).words() == "100\u2009% (84 to 100), 20 of 20"
    assert Agreement("x", 0, 0, 20).words() == "0\u2009% (0 to 16), 0 of 20"
    assert Agreement("x", 999, 0, 1).words().startswith("99\u2009% (99 to 99)")


def test_that_the_course_begins_with_the_first_full_window_and_moves_by_one() -> None:
    assert course(data_of("aaar"), LUNG, 5) == ()
    assert course(data_of("aaaarra"), LUNG, 5) == ((5, 0.8), (6, 0.6), (7, 0.6))


def test_that_reasons_are_counted_and_modified_or_undone_ones_are_not() -> None:
    said = ("Not there", "not  there", "", "Artefact")
    rejected = [decision(k, "r", reason=reason) for k, reason in enumerate(said, 1)]
    others = (decision(5, "m", reason="Artefact"), decision(6, "u", subject=4))
    assert reasons(LogData(decisions=(*rejected, *others)), LUNG) == (("Not there", 2), (NO_REASON, 1))
