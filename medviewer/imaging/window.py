"""The window: how a value becomes a grey level. PS3.3 C.11.2.1.1 to C.11.2.1.3, to the letter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class VoiFunction(StrEnum):
    """VOI LUT Function (0028,1056)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True)
class VoiLut:
    """A table in place of a window (PS3.3 C.11.2.1.1): ``entries`` as little-endian 16-bit numbers of
    ``bits`` bits; the first belongs to the value ``first`` and all below, the last also to all above."""

    first: int
    bits: int
    entries: bytes


@dataclass(frozen=True)
class Window:
    """Centre and width in the volume's unit. ``invert`` turns black to white (MONOCHROME1, or the reader).

    Raises ValueError where the standard forbids the width: below 1 for LINEAR, not above 0 for the others.
    """

    centre: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR
    invert: bool = False
    name: str = ""
    lut: VoiLut | None = None
    """A table that takes the place of the function; centre and width then are the span it covers."""
    colours: str = ""
    """Id of the colour map that is laid over the grey levels; empty for grey."""

    def __post_init__(self) -> None:
        smallest = 1.0 if self.function is VoiFunction.LINEAR else 1e-12
        if not (self.width >= smallest and abs(self.centre) < float("inf")):
            raise ValueError(f"a {self.function} window of width {self.width} is not allowed")
