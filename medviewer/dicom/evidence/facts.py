"""What evidence objects are made of, as plain values: regions, quantities, evaluations, who made them.

Nothing here knows of models, readers' sessions or windows; :mod:`medviewer.review.evidence` makes these of a
result and the reader's decisions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from medviewer.dicom.values import plain
from medviewer.imaging.volume import Mask


@dataclass(frozen=True)
class Concept:
    """A coded concept (PS3.3 8.8): value, scheme, meaning."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True)
class Tracking:
    """By what name and UID something is followed through objects and examinations (PS3.16 TID 4108)."""

    id: str
    uid: str


@dataclass(frozen=True)
class Algorithm:
    """The model that spoke. ``weights_sha256``: hexadecimal; ``source``: who made it."""

    name: str
    version: str
    source: str
    weights_sha256: str
    device_uid: str
    """Names this version of the model as an observer: the same for all its results."""


@dataclass(frozen=True)
class Person:
    """A named reader: "Doe^Jane", or as people write it; the organisation may be empty."""

    name: str
    organisation: str = ""

    @property
    def written(self) -> str:
        """The name as an object holds it: one value of at most 64 characters (PS3.5 6.2); typed without "^"
        it is one component."""
        words = plain(self.name.replace("\\", " ").replace("=", " "))[:63].strip()
        return words if "^" in words or not words else f"{words}^"


@dataclass(frozen=True, eq=False)
class Region:
    """A segment: what is outlined, how it is coded, by what it is followed.

    ``mask`` lies on the images of the series in display order; ``edited``: a person changed it. ``note``: who
    did, and of what, in words.
    """

    tracking: Tracking
    title: str
    category: Concept
    kind: Concept
    mask: Mask
    colour: str = "#56B4E9"
    laterality: Concept | None = None
    edited: bool = False
    source: str = ""
    """Tracking UID of the region that it was made of, in another segmentation."""
    note: str = ""


@dataclass(frozen=True)
class Quantity:
    """A number with its UCUM unit; ``low`` and ``high`` are the ends of its range, in the same unit.

    ``note``: why it may not be relied upon, or what its unit means; empty where nothing need be said.
    """

    name: Concept
    value: float
    unit: Concept
    low: float | None = None
    high: float | None = None
    derivation: Concept | None = None
    note: str = ""


@dataclass(frozen=True)
class Evaluation:
    """A coded answer to a coded question."""

    name: Concept
    value: Concept


@dataclass(frozen=True, eq=False)
class Observation:
    """A finding: one measurement group (TID 1501, 1410, 1411).

    ``region`` names the tracking UID of a :class:`Region`, empty where nothing is outlined; ``images``: SOP
    instance UID and frame from 0 of images that show it; ``remarks``: sentences in plain text. ``by_reader``:
    the figures are of a reader's outline, and no algorithm's.
    """

    tracking: Tracking
    kind: Concept
    category: Concept | None = None
    laterality: Concept | None = None
    site: Concept | None = None
    region: str = ""
    images: tuple[tuple[str, int], ...] = ()
    quantities: tuple[Quantity, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    remarks: tuple[str, ...] = ()
    by_reader: bool = False


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that one run on one series leaves: what was outlined, measured, and decided."""

    algorithm: Algorithm
    regions: tuple[Region, ...]
    observations: tuple[Observation, ...]
    made: datetime
    observer: Person | None = None
    """The reader whose decisions are told; None where nobody has given a name."""
    modified: tuple[Region, ...] = ()
    """Outlines that the reader made of some of ``regions``: a segmentation of their own."""

    @property
    def of_reader(self) -> Evidence:
        """What the reader outlined, alone."""
        return replace(self, regions=self.modified, modified=())
