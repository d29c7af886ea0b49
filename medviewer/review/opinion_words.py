"""A second opinion in words, for the panel and the report. No model is called right."""

from __future__ import annotations

from medviewer.ai.second_opinion import Comparison, Opinion
from medviewer.imaging.numbers import decimals_for, number

COLOURS = ("#F0E442", "#CC79A7")
"""What belongs to the first outline alone, and to the second alone: of the palette, with its hatches."""
LETTERS = ("A", "B")
NEITHER = "Neither is taken for right."


def size(opinion: Opinion) -> str:
    """ "4,102 mL"; in pixels where there is no geometry."""
    if opinion.volume_ml is None:
        return number(opinion.voxels, "px")
    return number(opinion.volume_ml, "mL", _decimals(opinion.volume_ml))


def difference(comparison: Comparison) -> tuple[str, str]:
    """ "310 mL" and "7.3 %": how far the two sizes are apart, and that of the mean of both."""
    amount = _amount(abs(comparison.difference), comparison)
    return amount, number(comparison.difference_percent, "%", 1)


def dice(comparison: Comparison) -> str:
    """ "Dice 0.93"; never 1.00 for less than all."""
    value = comparison.dice
    return f"Dice {number(min(value, 0.999) if value < 1 else 1.0, decimals=3 if value > 0.99 else 2)}"


def slice_words(comparison: Comparison, place: int) -> str:
    """ "Image 12: 8.3 mL" of the ``place``-th of the slices that differ most."""
    one = comparison.slices[place]
    return f"Image {one.index + 1}: {_amount(one.voxels, comparison)}"


def names(comparison: Comparison) -> tuple[str, str]:
    """What each outline is called, with its parts where they were taken together."""
    return _name(comparison.first), _name(comparison.second)


def legend(comparison: Comparison) -> tuple[str, str]:
    """What the two colours of a drawn difference mean; the letter first, for it is drawn on the image."""
    first, second = comparison.first.maker, comparison.second.maker
    return f"{LETTERS[0]} only: {first}", f"{LETTERS[1]} only: {second}"


def line(comparison: Comparison) -> str:
    """The comparison in one paragraph of the report. Images count from 1."""
    first, second = names(comparison)
    amount, share = difference(comparison)
    said = (
        f"{comparison.structure}. {first}: {size(comparison.first)}; {second}: {size(comparison.second)}; "
        f"they differ by {amount} ({share} of their mean), {dice(comparison)}"
    )
    images = [str(one.index + 1) for one in sorted(comparison.slices, key=lambda one: one.index)]
    if len(images) > 1:
        said += f", most on images {', '.join(images[:-1])} and {images[-1]}"
    elif images and comparison.only_first.shape[0] > 1:
        said += f", on image {images[0]}"
    return " ".join([f"{said}.", *comparison.notes, NEITHER])


def _name(opinion: Opinion) -> str:
    parts = " and ".join(part.lower() for part in opinion.parts)
    return f"{opinion.model} ({parts} together)" if parts else opinion.model


def _amount(voxels: int, comparison: Comparison) -> str:
    each = comparison.voxel_ml
    if each is None:
        return number(voxels, "px")
    millilitres = voxels * each
    return number(millilitres, "mL", _decimals(millilitres))


def _decimals(millilitres: float) -> int:
    """One below 10 mL, as many as tell it from nothing below 1."""
    if millilitres >= 10:
        return 0
    return 1 if millilitres >= 1 or millilitres == 0 else decimals_for(millilitres)
