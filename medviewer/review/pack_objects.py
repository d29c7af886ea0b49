"""The two sorts of files in a pack: DICOM objects and plain files, each with what reads it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from medviewer.dicom.evidence.derived import NewObject, Origin, new_uid, read_origin
from medviewer.dicom.evidence.object_file import ObjectFile
from medviewer.dicom.evidence.references import Beside
from medviewer.dicom.study import Series
from medviewer.dicom.walk import file_status
from medviewer.errors import MedviewerError, UnreadableImage, UsageError, WriteError
from medviewer.review.pack import Part
from medviewer.review.state import State
from medviewer.tasks import TaskContext

Judge = Callable[[Path], Sequence[str]]
"""Reads a file again: a sentence for all that is not as meant."""


def judged_by(check: Callable[[Path], None]) -> Judge:
    """A check that raises :class:`WriteError` as one that answers in sentences."""

    def judge(path: Path) -> Sequence[str]:
        try:
            check(path)
        except WriteError as error:
            return (error.message,)
        return ()

    return judge


@dataclass(eq=False)
class ObjectPart:
    """A DICOM object. ``make`` is told which files of the pack it may refer to."""

    kind: str
    what: str
    file_name: str
    make: Callable[[frozenset[str]], ObjectFile]
    judge: Judge
    facts: dict[str, str] = field(default_factory=dict)

    def write(self, done: frozenset[str]) -> bytes:
        """The whole file; ``facts`` holds its UIDs afterwards."""
        made = self.make(done)
        self.facts = {
            "sop_class_uid": made.sop_class_uid,
            "series_uid": made.series_uid,
            "sop_instance_uid": made.sop_uid,
        }
        return made.data

    def check(self, path: Path) -> Sequence[str]:
        """Read back by other code than pydicom's writer."""
        return self.judge(path)


def beside(parts: Sequence[Part], done: frozenset[str]) -> tuple[Beside, ...]:
    """The objects among ``parts`` that stand in the pack already."""
    there = (part.facts for part in parts if part.file_name in done)
    return tuple(Beside(facts["sop_class_uid"], facts["sop_instance_uid"]) for facts in there)


@dataclass(eq=False)
class FilePart:
    """A file that is no DICOM object."""

    kind: str
    what: str
    file_name: str
    make: Callable[[], bytes]
    judge: Judge
    facts: dict[str, str] = field(default_factory=dict)

    def write(self, done: frozenset[str]) -> bytes:
        """The whole file."""
        del done
        return self.make()

    def check(self, path: Path) -> Sequence[str]:
        """Read back by another library than wrote it."""
        return self.judge(path)


_NUMBERS = {"SEG": 901, "SEG by reader": 907, "SR": 902, "SC": 903, "KOS": 904, "PDF": 905, "GSPS": 906}
_CODES = {
    "SEG": "SEG",
    "SEG by reader": "SEG",
    "SR": "SR",
    "SC": "OT",
    "KOS": "KO",
    "PDF": "DOC",
    "GSPS": "PR",
}


class NewSeries:
    """One new series for each kind of object; its instances are counted from 1."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._uids: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def next(self, kind: str, sop_class: str, description: str) -> NewObject:
        """The next object of a kind."""
        number = self._counts[kind] = self._counts.get(kind, 0) + 1
        return NewObject(
            sop_class,
            _CODES[kind],
            _NUMBERS[kind],
            description,
            number,
            series_uid=self._uids.setdefault(kind, new_uid()),
            when=self._now,
        )


def origin_of(state: State, series: Sequence[Series]) -> Origin:
    """Patient, study and images of series of the study on screen, from their files as they lie on the disk.

    Raises :class:`UnreadableImage` where a file is gone, was changed since it was opened, or is another
    patient's than the one on screen.
    """
    if state.patient is None or state.study is None:
        raise UsageError("There is no study to export.", "Open a study first.")
    if any(one.patient_key != state.patient.key or one.study_uid != state.study.uid for one in series):
        raise UnreadableImage(
            "The images belong to more than one patient or study.", "Export the evidence of each apart."
        )
    instances = [instance for one in series for instance in one.instances]
    for path, stamp in dict.fromkeys((i.path, i.stamp) for i in instances):
        _check_unchanged(path, stamp)
    origin = read_origin(i.path for i in instances)
    if origin.study_uid != state.study.uid:
        raise UnreadableImage(
            "The files belong to another study than the images on screen.", "Open them again."
        )
    known = {image.sop_uid for image in origin.images}
    if any(i.sop_uid not in known for i in instances):
        raise UnreadableImage("An image on screen is no longer among the files.", "Open the folder again.")
    return origin


def _check_unchanged(path: Path, stamp: tuple[int, int]) -> None:
    try:
        with path.open("rb") as file:
            same = stamp in ((0, 0), file_status(file))
    except OSError as error:
        raise UnreadableImage(
            "An image that the evidence would refer to is no longer there.", "Open the folder again."
        ) from error
    if not same:
        raise UnreadableImage("The images changed since they were opened.", "Open the folder again.")


@dataclass(eq=False)
class Refused:
    """What was asked for and cannot be made: the manifest tells why."""

    kind: str
    what: str
    file_name: str
    error: MedviewerError
    facts: dict[str, str] = field(default_factory=dict)

    def write(self, done: frozenset[str]) -> bytes:
        """Never anything but the reason."""
        del done
        raise self.error

    def check(self, path: Path) -> Sequence[str]:
        """There is no file."""
        del path
        return (self.error.message,)


class Sources:
    """Origins of series of the study on screen, each set of files read once."""

    def __init__(self, state: State, context: TaskContext) -> None:
        self._state = state
        self._context = context
        self._known: dict[tuple[str, ...], Origin] = {}

    def of(self, *series: Series) -> Origin:
        """As :func:`origin_of`; each series counts once."""
        self._context.check()
        by_key = {one.key: one for one in series}
        keys = tuple(sorted(by_key))
        if keys not in self._known:
            self._known[keys] = origin_of(self._state, [by_key[key] for key in keys])
        return self._known[keys]

    @property
    def notices(self) -> tuple[str, ...]:
        """What the images do not say."""
        return tuple(dict.fromkeys(text for origin in self._known.values() for text in origin.repairs))
