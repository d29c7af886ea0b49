"""What was found, measured and decided, as plain values: a table and a FHIR report are two ways to write it.

Without the patient: who it is stands in :class:`Subject`, and only goes along where the reader wants it.
"""

from __future__ import annotations

from dataclasses import dataclass

from medviewer.ai.findings import Code, ResultState
from medviewer.dicom.evidence.concepts import unit as concept_of
from medviewer.errors import UsageError
from medviewer.review.report_model import VERDICT_TEXT
from medviewer.review.state import Verdict

REPLACED_TEXT = "the model's own, replaced by the reader's"


@dataclass(frozen=True)
class Subject:
    """The patient, as the headers say: id, name (PN), birth date (DA), sex (CS)."""

    id: str
    name: str
    birth_date: str = ""
    sex: str = ""


@dataclass(frozen=True)
class MadeBy:
    """The model that spoke."""

    id: str
    version: str
    title: str
    weights_sha256: str
    intended_use: str = ""


@dataclass(frozen=True)
class Place:
    """An image, or a series where ``sop_uid`` is empty. ``frame`` counts from 1, 0 for an image of one;
    ``image``: its number in the series as people count, 0 where none is meant."""

    series_uid: str
    sop_uid: str = ""
    frame: int = 0
    image: int = 0


@dataclass(frozen=True)
class Figure:
    """A number as it was shown: rounded to ``decimals``, ``unit`` as people write it ("mm at detector").

    ``value`` is None where nothing could be measured; ``low`` and ``high`` are the ends of its range;
    ``indicative`` says why it may not be relied upon (empty: it may).
    """

    name: str
    value: float | None
    unit: str = ""
    decimals: int = 1
    low: float | None = None
    high: float | None = None
    indicative: str = ""

    @property
    def ucum(self) -> str:
        """The UCUM code of its unit; "1" for none, an annotation for a unit that UCUM doesn't know."""
        for words in (self.unit, self.unit.partition(" ")[0]):
            try:
                return concept_of(words)[0].value
            except UsageError:
                continue
        kept = "".join(c for c in self.unit if c.isascii() and c.isalnum())
        return f"{{{kept or 'unit'}}}"

    def text(self, value: float | None) -> str:
        """A number with its decimals and a point, empty where there is none."""
        return "" if value is None else f"{round(value, self.decimals) + 0.0:.{self.decimals}f}"


@dataclass(frozen=True)
class Judged:
    """The reader's word on it. ``time`` is ISO 8601 with zone."""

    verdict: Verdict
    reason: str = ""
    reader: str = ""
    time: str = ""


@dataclass(frozen=True)
class OwnThreshold:
    """At what the reader read a score in place of the model's threshold. ``text``: both, what the score reads
    as, and what the reader's costs; ``time`` as in :class:`Judged`."""

    value: float
    text: str
    reader: str = ""
    time: str = ""

    @property
    def sentences(self) -> tuple[str, ...]:
        """The text, and by whom and when where that is known."""
        by = ", ".join(x for x in (self.reader, self.time) if x)
        return (self.text, f"Set by {by}.") if by else (self.text,)


@dataclass(frozen=True)
class Found:
    """A finding of a model, and what the reader decided. ``remarks``: sentences with it.

    One that the reader modified is there twice: as the model made it, and (``of_reader``) as the reader did.
    """

    id: str
    label: str
    sentence: str
    made: MadeBy
    judged: Judged
    place: Place
    code: Code | None = None
    criterion: str = ""
    score: float | None = None
    score_meaning: str = ""
    threshold: float | None = None
    own: OwnThreshold | None = None
    figures: tuple[Figure, ...] = ()
    remarks: tuple[str, ...] = ()
    of_reader: bool = False

    @property
    def is_replaced(self) -> bool:
        """Whether the reader's own stands in its place."""
        return self.judged.verdict is Verdict.MODIFIED and not self.of_reader

    @property
    def is_agreed(self) -> bool:
        """Whether its sentence is what the reader says."""
        return self.judged.verdict in (Verdict.ACCEPTED, Verdict.MODIFIED) and not self.is_replaced

    @property
    def decision(self) -> str:
        """The decision in words."""
        return REPLACED_TEXT if self.is_replaced else VERDICT_TEXT[self.judged.verdict]


@dataclass(frozen=True)
class Ran:
    """How a run ended: without it a run that failed would read as "nothing found". ``reasons`` are sentences,
    ``forced`` whether the reader overrode a "not suitable"."""

    made: MadeBy
    state: ResultState
    place: Place
    reasons: tuple[str, ...] = ()
    forced: bool = False

    @property
    def text(self) -> str:
        """ "lung-ct 1.0.0: not suitable. The slices are too thick."."""
        forced = ", run although not suitable" if self.forced else ""
        words = f"{self.made.id} {self.made.version}: {str(self.state).replace('_', ' ')}{forced}."
        return " ".join((words, *self.reasons))


@dataclass(frozen=True)
class Measured:
    """Something the reader measured. ``text`` is the figure as shown, or the words of a note."""

    id: str
    kind: str
    place: Place
    text: str
    figures: tuple[Figure, ...] = ()
    note: str = ""
    reader: str = ""
    time: str = ""


@dataclass(frozen=True)
class Compared:
    """How far two models' outlines of one structure agree. ``finding_ids``: what was compared; ``text`` names
    the models and takes neither for right."""

    structure: str
    place: Place
    text: str
    figures: tuple[Figure, ...]
    finding_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """All of one study. ``generated``: ISO 8601 with zone; ``title``: what was reported on."""

    study_uid: str
    title: str
    generated: str
    app_version: str
    runs: tuple[Ran, ...] = ()
    found: tuple[Found, ...] = ()
    measured: tuple[Measured, ...] = ()
    compared: tuple[Compared, ...] = ()
    impression: str = ""
    accession: str = ""
