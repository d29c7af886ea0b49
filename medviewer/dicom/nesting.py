"""Sequences within sequences: walked to their end, however they tell it, and never too deep (PS3.5 7.5).

Whatever parses a header later may recurse into every one of them, so all are walked: those of undefined
length because that is the only way past them, those of defined length to know what they hold.
"""

from __future__ import annotations

from medviewer.dicom.elements import IMPLICIT_BIG, IMPLICIT_LITTLE, Broken, Coding, Window

UNDEFINED = 0xFFFFFFFF
MAX_DEPTH = 64
MIN_SEQUENCE = 8
MAX_NESTED = 2_000_000
"""Items and elements inside sequences; an enhanced image of 10,000 frames has some 500,000."""
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_ITEM_BYTES = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")


class TooMuch(Broken):
    """The nesting is deeper, or the elements more, than any image needs."""


class Nesting:
    """Walks the sequences of one file; ``sound`` turns False where one of told length is damaged inside."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._left = MAX_NESTED
        self.sound = True

    def skip(self, start: int, vr: bytes, coding: Coding) -> int:
        """Past a sequence of undefined length. Raises :class:`Broken` where it has no end."""
        return self._sequence(start, None, _inner(vr, coding), 1)

    def look_into(self, start: int, length: int, vr: bytes, coding: Coding) -> None:
        """Walk a value of defined length if it is a sequence. Raises :class:`TooMuch` only.

        Without a VR to tell, it is one where it begins with an item.
        """
        if self._may_hold_items(start, length, vr):
            self._inside(start, start + length, vr, coding, 1)

    def _may_hold_items(self, start: int, length: int, vr: bytes) -> bool:
        if length < MIN_SEQUENCE or vr not in (b"SQ", b"", b"UN"):
            return False
        return self._window.take(start, 4) in _ITEM_BYTES

    def _inside(self, start: int, end: int, vr: bytes, coding: Coding, depth: int) -> None:
        try:
            self._sequence(start, end, _inner(vr, coding), depth)
        except TooMuch:
            raise
        except Broken:
            self.sound = self.sound and vr != b"SQ"

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooMuch("The header has more elements than an image needs.")

    def _sequence(self, position: int, end: int | None, coding: Coding, depth: int) -> int:
        """Walk items up to ``end``, or to the delimiter where there is none; the position behind."""
        if depth > MAX_DEPTH:
            raise TooMuch("The header is nested too deeply.")
        items = (IMPLICIT_LITTLE if coding.little else IMPLICIT_BIG).read
        while end is None or position < end:
            tag, _, length, start = items(self._window, position)
            if tag == SEQUENCE_END and end is None:
                return start
            if tag != ITEM:
                raise Broken("The header is damaged: a sequence has no end.")
            self._count()
            stop = None if length == UNDEFINED else start + length
            if stop is not None and stop > (end or self._window.size):
                raise Broken("The file is cut short.")
            if stop is None:
                position = self._item(start, None, coding, depth)
                continue
            try:
                self._item(start, stop, coding, depth)
            except TooMuch:
                raise
            except Broken:  # its end is told, so it can be passed over
                self.sound = False
            position = stop
        return self._met(position, end)

    def _met(self, position: int, end: int | None) -> int:
        """The position, where it is the end that was told."""
        if end is not None and position != end:
            raise Broken("The header is damaged: a sequence has no end.")
        return position

    def _item(self, position: int, end: int | None, coding: Coding, depth: int) -> int:
        """Walk the elements of one item; the position behind it."""
        read, window = coding.read, self._window
        while end is None or position < end:
            tag, vr, length, start = read(window, position)
            if tag == ITEM_END and end is None:
                return start
            self._count()
            if length == UNDEFINED:
                position = self._sequence(start, None, _inner(vr, coding), depth + 1)
                continue
            position = start + length
            if position > (end or window.size):
                raise Broken("The file is cut short.")
            if self._may_hold_items(start, length, vr):
                self._inside(start, position, vr, coding, depth + 1)
        return self._met(position, end)


def _inner(vr: bytes, coding: Coding) -> Coding:
    """What was unknown is implicit inside (PS3.5 6.2.2)."""
    return IMPLICIT_LITTLE if vr == b"UN" else coding
