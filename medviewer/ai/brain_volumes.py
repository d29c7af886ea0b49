"""Volumes of the brain, ventricle-to-brain ratio, left-right asymmetry: arithmetic on masks, defined once.

* **Brain tissue**: everything the model outlines but ventricles and the fluid around the brain.
* **Ventricle-to-brain ratio**: both lateral ventricles with their temporal horns ÷ brain tissue, in percent
  (the volume form of Synek and Reuben's ratio, Br J Radiol 1976; 49:233).
* **Asymmetry index**: 200 · (left − right) ÷ (left + right), in percent; above zero the left is larger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from medviewer.ai.brain_labels import LEFT, RIGHT, STRUCTURES, joint

Range = tuple[float, float]

_NO_TISSUE = ("background", "lateral_ventricle", "third_ventricle", "fourth_ventricle", "csf")


@dataclass(frozen=True)
class Amount:
    """Millilitres, and between which they lay when the picture was mirrored and shifted."""

    ml: float
    low: float
    high: float

    @classmethod
    def of(cls, ml: float, spread: Range) -> Amount:
        """``spread``: smallest and greatest volume as shares of the answer's."""
        return cls(ml, ml * spread[0], ml * spread[1])

    def __add__(self, other: Amount) -> Amount:
        """Both together; their ranges add, as if they erred alike (never too narrow)."""
        return Amount(self.ml + other.ml, self.low + other.low, self.high + other.high)


NOTHING = Amount(0.0, 0.0, 0.0)


def amounts(ml: Mapping[str, float], spread: Mapping[str, Range]) -> dict[str, Amount]:
    """Amounts by name of :func:`~medviewer.ai.brain_labels.joint`; what was not found is nothing."""
    return {
        name: Amount.of(ml.get(name, 0.0), spread.get(name, (1.0, 1.0)))
        for _, _, name in joint()
        if name != "background"
    }


def both(found: Mapping[str, Amount], structure: str) -> Amount:
    """A structure with both its halves."""
    return sum(
        (found[name] for number, _, name in joint() if STRUCTURES[number].name == structure), start=NOTHING
    )


def half(found: Mapping[str, Amount], structures: tuple[str, ...], side: int) -> Amount:
    """The halves of some paired structures on one side (LEFT or RIGHT)."""
    word = {LEFT: "left", RIGHT: "right"}[side]
    return sum((found[f"{word}_{structure}"] for structure in structures), start=NOTHING)


def brain_tissue(found: Mapping[str, Amount]) -> Amount:
    """The brain without its fluid."""
    parts = [both(found, s.name) for s in STRUCTURES if s.name not in _NO_TISSUE]
    return sum(parts, start=NOTHING)


def ventricle_to_brain(found: Mapping[str, Amount]) -> Amount:
    """Lateral ventricles ÷ brain tissue in percent, with the range of the ventricles (the brain's is small).

    Raises ValueError where no tissue was found.
    """
    tissue, fluid = brain_tissue(found), both(found, "lateral_ventricle")
    if tissue.ml <= 0:
        raise ValueError("no brain tissue was found")
    return Amount(*(100 * value / tissue.ml for value in (fluid.ml, fluid.low, fluid.high)))


def asymmetry_percent(left: float, right: float) -> float:
    """200 · (left − right) ÷ (left + right). Raises ValueError where both are nothing."""
    if left + right <= 0:
        raise ValueError("nothing to compare")
    return 200 * (left - right) / (left + right)
