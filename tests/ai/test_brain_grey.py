"""Grey values of classes, learned from one picture and a prior that is unsure of its borders."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.ai.brain_grey import BINS, GreyModel, Lattice, fit

SHAPE = (24, 40, 40)
SPACING = (4.0, 4.0, 4.0)
PLACES = [np.arange(n) for n in SHAPE]
GREYS = np.array([20.0, 300.0, 700.0])
"""Of the background and two tissues."""
Float32 = NDArray[np.float32]


def tissues() -> NDArray[np.intp]:
    """Background, and two tissues in folds of four voxels within it: the class of every voxel."""
    number = np.zeros(SHAPE, np.intp)
    number[2:22, 4:36, 4:36] = 1 + np.arange(32) // 4 % 2
    return number


def unsure(number: NDArray[np.intp]) -> Float32:
    """A prior that is sure of the brain, and gives the true tissue no more than 60 %."""
    prior = np.full((3, *SHAPE), 0.35, np.float32)
    prior[:, number == 0] = np.array([0.9, 0.05, 0.05], np.float32)[:, None]
    prior[0][number > 0] = 0.05
    for k in (1, 2):
        prior[k][number == k] = 0.6
    return prior


def picture(number: NDArray[np.intp], shade: Float32 | float = 1.0) -> Float32:
    noise = np.random.default_rng(4).normal(0, 12, SHAPE)
    return np.asarray(GREYS[number] * shade + noise, np.float32)


def learned(values: Float32, prior: Float32) -> GreyModel:
    return fit(values, prior, Lattice.of(SHAPE, SPACING), PLACES)


def test_that_grey_values_tell_classes_which_the_prior_only_guesses() -> None:
    number = tissues()
    values = picture(number)
    told = learned(values, unsure(number)).log_likelihood(values, PLACES).argmax(axis=0)
    assert np.mean(told == number) > 0.999


def test_that_bright_and_dark_may_change_places() -> None:
    number = tissues()
    values = 800 - picture(number)
    told = learned(values, unsure(number)).log_likelihood(values, PLACES).argmax(axis=0)
    assert np.mean(told == number) > 0.999


def test_that_a_slow_change_of_brightness_is_found_and_undone() -> None:
    """From 0.6 to 1.4 along a row: by their grey values alone the tissues come near to each other."""
    number = tissues()
    shade = np.broadcast_to(np.linspace(0.6, 1.4, SHAPE[1], dtype=np.float32)[None, :, None], SHAPE)
    model = learned(picture(number, shade), unsure(number))
    found = model.lattice.spread(model.brightness, PLACES)
    brain = number > 0
    left = found[brain] / shade[brain]
    assert (
        left.std() / left.mean() < 0.6 * shade[brain].std() / shade[brain].mean()
    )  # the ends are rounded off
    told = model.log_likelihood(picture(number, shade), PLACES).argmax(axis=0)
    assert np.mean(told[brain] == number[brain]) > 0.99


def test_that_an_even_picture_tells_nothing() -> None:
    values = np.full(SHAPE, 7.0, np.float32)
    likelihood = learned(values, unsure(tissues())).log_likelihood(values, PLACES)
    assert np.ptp(likelihood, axis=0).max() < 1e-5


def test_that_no_grey_value_is_impossible() -> None:
    number = tissues()
    model = learned(picture(number), unsure(number))
    strange = model.log_likelihood(np.full(SHAPE, 1e6, np.float32), PLACES)
    assert strange.min() > np.log(0.001 / BINS)


def test_that_a_class_without_a_voxel_is_no_number_too_many() -> None:
    number = tissues()
    prior = np.concatenate([unsure(number), np.zeros((1, *SHAPE), np.float32)])
    likelihood = learned(picture(number), prior).log_likelihood(picture(number), PLACES)
    assert np.isfinite(likelihood).all()


def test_that_a_prior_of_nothing_but_background_is_borne() -> None:
    prior = np.zeros((3, *SHAPE), np.float32)
    prior[0] = 1
    assert np.isfinite(learned(picture(tissues()), prior).table).all()


def test_that_it_learns_from_some_voxels_what_holds_for_all() -> None:
    """Every second slice, every third row: places are those of the whole box."""
    number = tissues()
    values, prior = picture(number), unsure(number)
    some = (slice(None, None, 2), slice(None, None, 3))
    places = [np.arange(0, SHAPE[0], 2), np.arange(0, SHAPE[1], 3), np.arange(SHAPE[2])]
    model = fit(values[some], prior[(slice(None), *some)], Lattice.of(SHAPE, SPACING), places)
    assert np.mean(model.log_likelihood(values, PLACES).argmax(axis=0) == number) > 0.999


def test_that_it_can_be_stopped_between_the_rounds() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    number = tissues()
    with pytest.raises(KeyboardInterrupt):
        fit(picture(number), unsure(number), Lattice.of(SHAPE, SPACING), PLACES, stop)


def test_that_the_nodes_hold_the_whole_box_even_of_thick_slices() -> None:
    lattice = Lattice.of((5, 40, 40), (12.0, 0.5, 0.5))
    nodes = np.ones(lattice.counts, np.float32)
    spread = lattice.spread(nodes, [np.arange(5), np.arange(40), np.arange(40)])
    assert spread == pytest.approx(np.ones((5, 40, 40)))
