"""What the reader put in place of a model's outline: voxels on the same grid, and the figures they give.

Plain values throughout, so that undo, kept work and comparison need nothing of their own. The finding itself
is never touched.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.findings import Finding, Measurement, Notice
from medviewer.errors import UsageError
from medviewer.imaging.numbers import between, number
from medviewer.imaging.volume import Mask, Volume

CRITERION = "outline modified by the reader"
SUFFIX = "_modified"
"""Ends the id of what the reader made of a finding: two outlines are never followed under one."""
BY_READER = " (modified by the reader)"
"""Ends the name of a modified outline, in legends too."""
_LEVEL = 6
Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Modification:
    """An outline of the reader. ``origin`` and ``size``: the box that holds it, as :class:`Mask` keeps it;
    ``bits``: its voxels, packed and deflated. ``measurements``: what is measured with it, nothing else."""

    origin: Triple
    size: Triple
    bits: bytes
    slices: tuple[int, int]
    key_slice: int
    measurements: tuple[Measurement, ...]

    @cached_property
    def box(self) -> NDArray[np.bool_]:
        """The voxels. Raises ValueError for bits that are none of this size."""
        count = int(np.prod(self.size))
        try:
            plain = zlib.decompressobj().decompress(self.bits, max(1, (count + 7) // 8))
        except zlib.error as error:
            raise ValueError("the bits of an outline are damaged") from error
        if len(plain) != (count + 7) // 8:
            raise ValueError("the bits of an outline are not as many as its voxels")
        voxels = np.unpackbits(np.frombuffer(plain, np.uint8), count=count).astype(bool)
        return voxels.reshape(self.size)

    @property
    def digest(self) -> str:
        """SHA-256 of what is outlined: names the outline without telling anything of it."""
        about = repr((self.origin, self.size)).encode()
        return hashlib.sha256(about + np.packbits(self.box).tobytes()).hexdigest()

    def mask(self, own: Mask) -> Mask:
        """The outline on the grid of the model's. Raises ValueError where it does not fit there."""
        return Mask(own.label, own.name + BY_READER, self.box, self.origin, own.shape, own.geometry)


def modification(finding: Finding, mask: Mask, volume: Volume) -> Modification:
    """What it takes to put ``mask`` in place of the finding's. ``volume``: the images it was drawn on.

    Raises :class:`UsageError` for a finding without an outline, another grid, an empty mask, or one that is
    the model's own.
    """
    from medviewer.ai.remeasure import remeasured  # what measures is not needed to start the window

    own = finding.mask
    if own is None:
        raise UsageError("This finding has no outline that could be edited.")
    if mask.shape != own.shape or volume.shape != own.shape:
        raise UsageError("The edited outline lies on another grid than the model's.")
    mask = trimmed(mask)
    span, largest = mask.slice_range, mask.largest_slice
    if span is None or largest is None:
        raise UsageError("Nothing is left of the outline.", "Reject the finding instead.")
    as_found = trimmed(own)
    if mask.origin == as_found.origin and np.array_equal(mask.box, as_found.box):
        raise UsageError("The outline is the model's own, unchanged.", "Accept the finding instead.")
    size = (int(mask.box.shape[0]), int(mask.box.shape[1]), int(mask.box.shape[2]))
    bits = zlib.compress(np.packbits(mask.box).tobytes(), _LEVEL)
    placed = replace(mask, geometry=own.geometry)
    return Modification(mask.origin, size, bits, span, largest, remeasured(finding, placed, volume))


def trimmed(mask: Mask) -> Mask:
    """The same in the smallest box that holds it: one outline has one form."""
    inner = Mask.from_full(mask.label, mask.name, mask.box, mask.geometry)
    if inner.voxel_count == 0:
        return replace(inner, shape=mask.shape)
    s, r, c = (a + b for a, b in zip(mask.origin, inner.origin, strict=True))
    return Mask(mask.label, mask.name, inner.box, (s, r, c), mask.shape, mask.geometry)


def modified(finding: Finding, change: Modification) -> Finding:
    """What the reader made of a finding, in the form of one, so that the same code draws and writes it.

    Score, threshold, ranges and uncertain slices are the model's: none of them is carried over. What was
    noted about the model's outline says so.
    """
    if finding.mask is None:
        raise ValueError("a finding without an outline cannot be modified")
    return Finding(
        id=finding.id,
        label=finding.label,
        sentence=_sentence(finding, change.measurements),
        code=finding.code,
        criterion=CRITERION,
        mask=change.mask(finding.mask),
        measurements=change.measurements,
        slices=change.slices,
        key_slice=change.key_slice,
        warnings=tuple(Notice(w.code, f"Of the model's own outline: {w.text}") for w in finding.warnings),
        colour=finding.colour,
    )


def _sentence(finding: Finding, figures: tuple[Measurement, ...]) -> str:
    """ "Right lung, outline modified by the reader: volume 2,650 mL, mean density −812 HU."."""
    told = [f"{_lower(m.name)} {number(m.value, m.unit, m.decimals)}" for m in figures]
    if not told:
        return f"{finding.label}, {CRITERION}; the model's figures do not hold for it."
    indicative = " (indicative)" if any(m.indicative for m in figures) else ""
    return f"{finding.label}, {CRITERION}{indicative}: {', '.join(told)}."


def _lower(name: str) -> str:
    """Small at the beginning, unless it is an abbreviation."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def models_own(finding: Finding) -> str:
    """ "The model's own: volume 2,643 mL (2,611 to 2,675 mL)." What stands beside the reader's figures."""
    told = []
    for m in finding.measurements:
        said = f"{_lower(m.name)} {number(m.value, m.unit, m.decimals)}"
        told.append(said + (f" ({between(*m.range, m.unit, m.decimals)})" if m.range is not None else ""))
    return f"The model's own: {', '.join(told)}." if told else ""
