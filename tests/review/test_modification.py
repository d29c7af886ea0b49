"""The reader's outline as data: the very voxels, figures of their own, and nothing of the model's lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from medviewer.errors import UsageError
from medviewer.imaging.volume import Mask
from medviewer.review.modification import models_own, modification, modified
from medviewer.review.plain import from_plain, to_plain
from tests.review.edited import EMPTY, LUNG, finding, outline, smaller
from tests.review.makers import SHAPE, SPACING, geometry, make_volume

VOXEL_ML = float(np.prod(SPACING)) / 1000


def test_that_its_mask_is_the_readers_voxel_for_voxel_on_the_grid_of_the_model() -> None:
    drawn = outline((0, 0, 0), (7, 39, 47))
    made = modification(finding(), drawn, make_volume()).mask(LUNG)
    assert np.array_equal(made.full(), drawn.full())
    assert made.geometry is LUNG.geometry
    assert (made.label, made.name) == (1, "right_lung (modified by the reader)")


def test_that_it_survives_being_plain() -> None:
    made = modification(finding(), outline((0, 3, 5)), make_volume())
    again = from_plain(type(made), to_plain(made))
    assert again == made
    assert np.array_equal(again.box, made.box)


def test_that_one_outline_has_one_form_whatever_box_it_was_drawn_in() -> None:
    drawn = outline((0, 3, 5))
    loose = Mask(1, "x", drawn.full(), (0, 0, 0), SHAPE, geometry())
    assert modification(finding(), loose, make_volume()) == modification(finding(), drawn, make_volume())


def test_that_figures_are_measured_anew_and_what_cannot_be_is_left_with_the_model() -> None:
    volume = make_volume()
    made = modified(finding(), modification(finding(), smaller(), volume))
    assert [(m.name, m.range) for m in made.measurements] == [("Volume", None), ("Mean density", None)]
    assert made.measurements[0].value == pytest.approx(2 * 16 * 12 * VOXEL_ML)
    assert made.measurements[1].value == -850
    assert (made.slices, made.key_slice) == ((1, 2), 1)
    assert (made.unsure, made.score, made.lines) == ((), None, ())
    assert "modified by the reader" in made.sentence
    assert "LAA" not in made.sentence
    assert made.warnings[0].text.startswith("Of the model's own outline")


def test_that_the_models_figures_can_be_told_beside() -> None:
    told = models_own(finding()).replace("\u2009", " ")
    figures = "volume 3.7 mL (3.5 to 3.9 mL), mean density −850 HU, LAA-950 9.6 % (8.8 to 10.3 %)"
    assert told == f"The model's own: {figures}."


def test_that_the_finding_is_the_same_bit_for_bit_afterwards() -> None:
    own, before = finding(), LUNG.box.copy()
    modified(own, modification(own, outline((0, 0, 0)), make_volume()))
    assert own.mask is LUNG
    assert np.array_equal(LUNG.box, before)
    assert own.measurements == finding().measurements


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (EMPTY, "Nothing is left"),
        (LUNG, "unchanged"),
        (outline(), "unchanged"),
        (Mask.from_full(1, "x", np.ones((8, 40, 47), bool), None), "another grid"),
    ],
)
def test_that_what_is_no_edit_is_refused_in_a_sentence(mask: Mask, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        modification(finding(), mask, make_volume())


def test_that_a_finding_without_outline_is_refused() -> None:
    with pytest.raises(UsageError, match="no outline"):
        modification(replace(finding(), mask=None), outline((0, 0, 0)), make_volume())


def test_that_damaged_bits_are_refused() -> None:
    made = modification(finding(), outline((0, 0, 0)), make_volume())
    for bits in (made.bits[:10], b"none", b""):
        with pytest.raises(ValueError, match="bits"):
            replace(made, bits=bits).mask(LUNG)
    with pytest.raises(ValueError, match="bits"):
        replace(made, size=(8, 41, 48)).mask(LUNG)
