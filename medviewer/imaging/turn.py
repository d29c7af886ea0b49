"""Quarter turns and mirroring of a picture: how it is shown, never what it holds.

Every turn is a permutation and flips of the picture's axes, so a pixel stays a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

Axes = tuple[int, int, int]
Flips = tuple[bool, bool, bool]


@dataclass(frozen=True)
class Turn:
    """``quarters`` of a turn clockwise (0 to 3), then, where ``mirrored``, left and right exchanged.

    The order is that of the standard: rotation first, flip after it (PS3.3 C.10.6). Any turns and flips in a
    row are one of these eight. Raises ValueError for other quarters.
    """

    quarters: int = 0
    mirrored: bool = False

    def __post_init__(self) -> None:
        if self.quarters not in range(4):
            raise ValueError(f"a turn has 0 to 3 quarters, not {self.quarters}")

    def __bool__(self) -> bool:
        return self != Turn()

    def then(self, later: Turn) -> Turn:
        """This turn and ``later`` after it, as one."""
        further = -later.quarters if self.mirrored else later.quarters
        return Turn((self.quarters + further) % 4, self.mirrored != later.mirrored)

    def layout(self, axes: Axes, flips: Flips) -> tuple[Axes, Flips]:
        """Axes and flips of (picture, row, column) after the turn; the pictures keep their order."""
        (deep, row, column), (back, up, left) = axes, flips
        for _ in range(self.quarters):  # a new row is an old column, a new column an old row from its end
            row, column, up, left = column, row, left, not up
        return (deep, row, column), (back, up, left != self.mirrored)

    def edges(self, left: str, right: str, top: str, bottom: str) -> tuple[str, str, str, str]:
        """What stands at the left, right, upper and lower edge after the turn."""
        for _ in range(self.quarters):
            left, right, top, bottom = bottom, top, left, right
        return (right, left, top, bottom) if self.mirrored else (left, right, top, bottom)

    @property
    def words(self) -> str:
        """ "Rotated 90°, flipped"; empty where nothing is turned."""
        # Half a turn and a mirror is what people call upside down, not rotated.
        if self == FLIP_DOWN:
            return "Flipped top to bottom"
        parts = [f"rotated {90 * self.quarters}°"] if self.quarters else []
        parts += ["flipped left to right"] if self.mirrored else []
        return ", ".join(parts).capitalize()


STRAIGHT = Turn()
RIGHT, LEFT = Turn(1), Turn(3)
FLIP_ACROSS, FLIP_DOWN = Turn(0, True), Turn(2, True)
