"""Adding scans: nothing twice, nobody mixed, nothing pulled from under the reader."""

from __future__ import annotations

from pathlib import Path

from medviewer.dicom.study import ScanResult, Unreadable
from medviewer.review.merge import merge
from tests.review.makers import make_scan, make_series


def test_that_two_patients_stay_two_even_under_one_series_uid() -> None:
    both = merge(make_scan(), make_scan(patient="P2", name="Roe^Rick"))
    assert [p.key for p in both.patients] == ["P1", "P2"]
    keys = [s.key for s in both.all_series()]
    assert len(set(keys)) == 4
    for series in both.all_series():
        assert both.owner(series)[0].key == series.patient_key


def test_that_a_new_series_joins_its_study() -> None:
    both = merge(make_scan(make_series()), make_scan(make_series("1.2.3.9")))
    assert [s.uid for s in both.patients[0].studies[0].series] == ["1.2.3.1", "1.2.3.9"]


def test_that_the_fuller_copy_wins_where_no_work_hangs_on_the_other() -> None:
    small, full = make_scan(make_series(slices=2)), make_scan(make_series())
    assert len(merge(small, full).all_series()[0].instances) == 8
    assert len(merge(full, small).all_series()[0].instances) == 8


def test_that_a_series_with_work_on_it_stays_and_the_fuller_copy_stands_beside_it() -> None:
    both = merge(make_scan(make_series(slices=2)), make_scan(make_series()), in_use={"1.2.3.1"})
    assert [len(s.instances) for s in both.all_series()] == [2, 8]
    assert len({s.key for s in both.all_series()}) == 2


def test_that_different_halves_of_a_series_stand_beside_each_other() -> None:
    half = make_scan(make_series(sops=["a", "b"]))
    other = make_scan(make_series(sops=["b", "c"]))
    both = merge(half, other)
    assert len(both.all_series()) == 2
    assert len(merge(both, other).all_series()) == 2


def test_that_unreadable_files_are_listed_once() -> None:
    bad = ScanResult((), (Unreadable(Path("x"), "not DICOM"),))
    assert merge(merge(None, bad), bad).unreadable == bad.unreadable
