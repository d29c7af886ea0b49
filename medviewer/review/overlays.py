"""Overlays from files: what others drew on an open series. No result of ours, no work of the reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from medviewer.imaging.volume import Mask

if TYPE_CHECKING:
    from medviewer.dicom.objects.contour_placing import Line

NOT_REPORTED = "Not part of the report."


@dataclass(frozen=True, eq=False)
class Overlay:
    """One segment or region. It has a ``mask`` on the grid of its series, or ``lines`` by image index.

    ``maker``: "manual", "automatic, TotalSegmentator" …; ``criterion``: where a fractional segment was
    outlined ("probability ≥ 0.5"), else empty.
    """

    number: int
    label: str
    colour: str
    maker: str
    criterion: str = ""
    mask: Mask | None = None
    lines: Mapping[int, tuple[Line, ...]] = field(default_factory=lambda: MappingProxyType({}))
    key_slice: int | None = None
    """The image of its largest area; None where it is empty."""
    shown: bool = True
    figures: tuple[str, ...] = ()
    """Figures the file tells of it, a line each: "Diameter 10 mm"."""
    said: tuple[str, ...] = ()
    """What else the file says of it."""
    placeless: bool = False
    """Whether the file says of no image or place where it is."""
    target: tuple[str, int] | None = None
    """(SOP instance UID of a segmentation, segment) that it is about, where it has no outline of its own."""

    @property
    def name(self) -> str:
        """The label with its criterion: "Liver, probability ≥ 0.5"."""
        return f"{self.label}, {self.criterion}" if self.criterion else self.label

    @property
    def is_drawn(self) -> bool:
        """Whether it has an outline that lies on the series: a row of a report may only be about an image."""
        return not self.is_empty and (self.mask is not None or bool(self.lines))

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it lies on the series."""
        return self.key_slice is None


@dataclass(frozen=True, eq=False)
class OverlayFile:
    """The overlays of one object on one series of one patient."""

    path: Path
    sop_uid: str
    title: str
    kind: str
    """ "Segmentation", "RT structure set"."""
    patient_key: str
    series_key: str
    overlays: tuple[Overlay, ...]
    notices: tuple[str, ...] = ()
    """What the reader must know: one sentence each."""
    flags: str = ""
    """How far a report is: "complete, not verified"."""
    references: frozenset[str] = frozenset()
    """SOP instance UIDs of the images it names, whichever series they are in."""
    here: int = 0
    """How many of these were open when it was read."""
    lacking: frozenset[str] = frozenset()
    """SOP instance UIDs of segmentations it refers to that were not open."""

    @property
    def object_key(self) -> str:
        """Names the object: by mistake two patients may carry one SOP instance UID."""
        return f"{self.patient_key} {self.sop_uid}"

    @property
    def key(self) -> str:
        """Unique in a session: an object may lie on several series."""
        return f"{self.object_key} {self.series_key}"

    @property
    def key_slice(self) -> int | None:
        """The image to show first: that of the first overlay shown which lies on any."""
        return next((o.key_slice for o in self.overlays if o.shown and not o.is_empty), None)

    @property
    def maker(self) -> str:
        """Who made them, where it is one for all; else empty."""
        makers = {overlay.maker for overlay in self.overlays}
        return makers.pop() if len(makers) == 1 else ""
