"""The whole way of reading with a network that is a rule: find the brain, read it, give it back."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.ai.brain_grid import GRID_MM
from medviewer.ai.brain_labels import STRUCTURES, index_of, joint_names
from medviewer.ai.brain_look import LOOKS, look
from medviewer.ai.brain_volumes import amounts
from medviewer.errors import Cancelled
from medviewer.imaging.volume import Volume
from medviewer.tasks import TaskContext
from tests.ai.brain_rule import AXES, MIDDLE, TISSUE, brain, grid

NAMES = joint_names()
WHITE = index_of("cerebral_white_matter")
Float32 = NDArray[np.float32]


def volume_of(
    axes: NDArray[np.float64], spacing: tuple[float, float, float]
) -> tuple[Volume, NDArray[np.float64]]:
    """A volume that holds the bright brain, without its ventricles; the LPS place of every voxel."""
    geometry, place = grid(axes, spacing)
    return Volume(np.where(brain(place), TISSUE, 3).astype(np.int16), geometry), place


def rule(picture: Float32) -> Float32:
    """White matter where it is bright; left where the column lies beyond the middle of the bright box."""
    bright = picture > 0.5
    columns = np.flatnonzero(bright.any(axis=(0, 1)))
    out = np.zeros((len(STRUCTURES) + 1, *picture.shape), np.float32)
    out[0] = 20 * (0.5 - picture)
    out[WHITE] = 20 * (picture - 0.5)
    out[1:WHITE] = out[WHITE + 1 : -1] = -30
    middle = (columns[0] + columns[-1]) / 2 if columns.size else picture.shape[2] / 2
    out[-1] = 3 * (np.arange(picture.shape[2]) - middle)
    return out


@pytest.mark.parametrize("axes", ["axial", "coronal", "sagittal", "axial, turned about"])
@pytest.mark.parametrize("spacing", [(1.3, 1.3, 1.3), (5.0, 1.5, 1.5)])
def test_that_each_half_comes_back_where_it_lies(axes: str, spacing: tuple[float, float, float]) -> None:
    volume, place = volume_of(AXES[axes], spacing)
    answer = look(rule, volume, TaskContext())
    truth = brain(place)
    for side, beyond in (("left", place[..., 0] > MIDDLE[0]), ("right", place[..., 0] < MIDDLE[0])):
        mine = answer.classes == NAMES.index(f"{side}_cerebral_white_matter")
        true = truth & beyond
        overlap = 2 * np.count_nonzero(mine & true) / (mine.sum() + true.sum())
        assert overlap > 0.96
    found = answer.classes > 0
    shift = np.abs(place[found].mean(axis=0) - place[truth].mean(axis=0))
    assert shift.max() < 0.3, "millimetres: a voxel of the network is 1.75"
    assert set(np.unique(answer.classes)) == {0, 1, 2}


def test_that_the_grid_is_centred_on_the_brain_and_the_spread_is_small() -> None:
    volume, _ = volume_of(AXES["axial"], (2.0, 2.0, 2.0))
    answer = look(rule, volume, TaskContext())
    assert np.abs(np.array(answer.centre) - MIDDLE).max() < 4.5
    assert set(answer.spread) == set(NAMES)
    for name in ("left_cerebral_white_matter", "right_cerebral_white_matter"):
        low, high = answer.spread[name]
        assert 0.93 < low <= 1 <= high < 1.07


def test_that_what_no_look_saw_is_between_nothing_and_what_the_grey_values_found() -> None:
    """It would stand as 0.5 mL (0.5 to 0.5 mL): surer than all that was seen."""
    volume, _ = volume_of(AXES["axial"], (3.0, 3.0, 3.0))
    spread = look(rule, volume, TaskContext()).spread
    found = amounts({"left_lateral_ventricle": 0.5}, spread)["left_lateral_ventricle"]
    assert (found.low, found.ml, found.high) == (0.0, 0.5, 0.5)


def test_that_progress_goes_on_while_the_answer_is_put_back() -> None:
    told: list[float] = []
    volume, _ = volume_of(AXES["axial"], (1.0, 0.8, 0.8))
    look(rule, volume, TaskContext(lambda share, _: told.append(share)))
    late = [share for share in told if share > 0.8]
    assert late == sorted(set(late))
    assert len(late) > 2
    assert late[-1] < 0.9


def test_that_the_network_is_asked_no_more_often_than_said() -> None:
    asked = []

    def counting(picture: Float32) -> Float32:
        asked.append(picture.shape)
        return rule(picture)

    volume, _ = volume_of(AXES["axial"], (3.0, 3.0, 3.0))
    look(counting, volume, TaskContext())
    assert len(asked) <= LOOKS


def test_that_a_network_biased_to_one_side_is_evened_out_by_the_mirror() -> None:
    """A network that draws the middle a voxel too far to one side does so in the mirror too."""

    def biased(picture: Float32) -> Float32:
        out = rule(picture)
        out[-1] += 3  # the middle one column towards the right
        return out

    volume, place = volume_of(AXES["axial"], (1.5, 1.5, 1.5))
    classes = look(biased, volume, TaskContext()).classes
    left = place[classes == NAMES.index("left_cerebral_white_matter")][:, 0].min()
    right = place[classes == NAMES.index("right_cerebral_white_matter")][:, 0].max()
    assert (left + right) / 2 == pytest.approx(MIDDLE[0], abs=GRID_MM / 2)


def test_that_numbers_that_are_none_give_no_answer() -> None:
    volume, _ = volume_of(AXES["axial"], (4.0, 4.0, 4.0))
    answer = look(
        lambda p: np.full((len(STRUCTURES) + 1, *p.shape), np.nan, np.float32), volume, TaskContext()
    )
    assert not answer.finite
    assert not answer.classes.any()


def test_that_an_empty_picture_gives_an_empty_answer() -> None:
    volume, _ = volume_of(AXES["axial"], (4.0, 4.0, 4.0))
    empty = Volume(np.zeros(volume.shape, np.int16), volume.geometry)
    assert not look(rule, empty, TaskContext()).classes.any()


def test_that_it_can_be_cancelled_between_looks() -> None:
    context = TaskContext()
    volume, _ = volume_of(AXES["axial"], (4.0, 4.0, 4.0))

    def cancelling(picture: Float32) -> Float32:
        context.cancel()
        return rule(picture)

    with pytest.raises(Cancelled):
        look(cancelling, volume, context)
