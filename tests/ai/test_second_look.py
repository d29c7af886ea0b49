"""A second look tells how far the outlined area moves, and where most."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medviewer.ai import lung, pipelines, second_look
from medviewer.ai.findings import AnalysisResult
from medviewer.ai.pipelines import Pipeline
from medviewer.ai.second_look import MOST, SecondLook, areas, changed, chosen, doubts, spread
from medviewer.ai.unsure import most_unsure
from tests.ai.bundles import PlainInput, box_chest, full_mask, install_oracle, oracle_bundle, run


@pytest.mark.parametrize(("count", "looked_at"), [(1, 1), (12, 12), (13, 7), (30, 10), (64, 11), (400, 12)])
def test_never_more_pictures_than_allowed_evenly_spread(count: int, looked_at: int) -> None:
    picked = chosen(count)
    assert len(picked) == looked_at <= MOST
    assert 0 <= picked[0] <= picked[-1] < count
    assert len(set(np.diff(picked))) <= 1


def test_copies_are_moved_both_ways_and_darker_or_brighter() -> None:
    picture = np.zeros((3, 9, 9), np.float32)
    picture[:, 4, 4] = 0.5
    darker, brighter = changed(picture)
    assert darker.shape == brighter.shape == (3, 9, 9)
    places = [np.unravel_index(int(copy[1].argmax()), (9, 9)) for copy in (darker, brighter)]
    assert places == [(6, 6), (2, 2)]
    assert darker.max() < 0.5 < brighter.max()


def test_areas_are_counted_by_class_without_the_background() -> None:
    assert areas(np.array([[0, 1, 1], [2, 0, 1]])) == {1: 3, 2: 1}


def test_the_spread_is_that_of_the_whole_and_holds_the_plain_answer() -> None:
    looks = [
        SecondLook(0, {1: 100}, ({1: 90}, {1: 120})),
        SecondLook(5, {1: 300}, ({1: 310}, {1: 300})),
    ]
    assert spread(looks, 1) == (1.0, pytest.approx(420 / 400))
    assert spread(looks, 2) is None
    assert spread([], 1) is None


def test_the_least_sure_pictures_come_worst_first_and_ends_are_left_out() -> None:
    looks = [
        SecondLook(0, {1: 3}, ({1: 9},)),
        SecondLook(4, {1: 100}, ({1: 130},)),
        SecondLook(7, {1: 100}, ({1: 20},)),
        SecondLook(9, {1: 200}, ({1: 205},)),
    ]
    found = most_unsure(doubts(looks, 1))
    assert [(one.index, one.doubt) for one in found] == [
        (7, pytest.approx(0.8)),
        (4, pytest.approx(0.3)),
        (9, pytest.approx(0.025)),
    ]


def _looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AnalysisResult:
    install_oracle(monkeypatch)
    monkeypatch.setitem(pipelines.PIPELINES, "oracle", Pipeline(PlainInput, lung.finish, looks_again=True))
    return run(oracle_bundle(tmp_path / "oracle"), box_chest())


def test_a_run_with_second_looks_outlines_the_same_and_tells_the_range(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = _looked_at(tmp_path, monkeypatch)
    chest = box_chest()
    assert np.array_equal(full_mask(result, "Right lung"), chest.right)
    right = result.findings[1]
    assert "slightly changed copies" in right.sentence
    assert "whichever is wider" in right.criterion
    volume = right.measurements[0]
    assert volume.range is not None
    assert volume.range[0] < volume.value < volume.range[1]


def test_a_network_that_hangs_on_trifles_is_told_with_its_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Brighter by 150 "HU" the oracle's threshold is passed: the lung is gone in that copy.
    monkeypatch.setattr(second_look, "_LIGHTER", 0.4)
    right = _looked_at(tmp_path, monkeypatch).findings[1]
    assert min(one.doubt for one in right.unsure) >= 1
    assert "or in slightly changed copies" in right.sentence
    assert right.measurements[0].range is not None
    assert right.measurements[0].range[0] == 0
