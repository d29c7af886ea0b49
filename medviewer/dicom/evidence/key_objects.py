"""The images a reader marked, as a Key Object Selection (PS3.3 A.35.4, PS3.16 TID 2010)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset
from pydicom.uid import UID

from medviewer.dicom.evidence.codes import person_name
from medviewer.dicom.evidence.derived import RESEARCH, NewObject, Origin, SourceImage, begin
from medviewer.dicom.evidence.references import Shown, named, reference_to
from medviewer.errors import UsageError

KOS = "1.2.840.10008.5.1.4.1.1.88.59"


@dataclass(frozen=True)
class KeyObjects:
    """``images`` in the reader's order; ``description``: what was said of them; ``reader``: who marked them,
    empty where nobody gave a name."""

    images: tuple[Shown, ...]
    description: str = ""
    reader: str = ""


def key_object_selection(origin: Origin, keys: KeyObjects, new: NewObject) -> Dataset:
    """The selection, titled "Of Interest" (113000, DCM).

    Raises :class:`UsageError` where nothing is marked, or an image that is not in ``origin``.
    """
    if not keys.images:
        raise UsageError("No image is marked.", "Mark a key image first.")
    found = named(origin, tuple(dict.fromkeys(keys.images)))
    ds = begin(origin, replace(new, sop_class=KOS, modality="KO"))
    ds.ContentQualification = RESEARCH
    ds.ReferencedPerformedProcedureStepSequence = []
    for element in _content(found, keys):
        ds[element.tag] = element
    evidence = Dataset()
    evidence.StudyInstanceUID = UID(origin.study_uid)
    evidence.ReferencedSeriesSequence = _by_series([image for image, _ in found])
    ds.CurrentRequestedProcedureEvidenceSequence = [evidence]
    return ds


def _content(found: Sequence[tuple[SourceImage, int]], keys: KeyObjects) -> Dataset:
    """The root container by highdicom, with the frames that are meant."""
    from highdicom.ko import KeyObjectSelection  # a second to import
    from highdicom.sr import CodedConcept, ObserverContext, PersonObserverIdentifyingAttributes

    observer = None
    if keys.reader:
        # The caret says that the one component is meant (PS3.5 6.2.1.2).
        person = PersonObserverIdentifyingAttributes(name=f"{person_name(keys.reader)}^")
        observer = ObserverContext(CodedConcept("121006", "DCM", "Person"), person)
    tree = KeyObjectSelection(
        CodedConcept("113000", "DCM", "Of Interest"),
        [_stand_in(image) for image, _ in found],
        observer_person_context=observer,
        description=keys.description or None,
    )
    root: Dataset = tree[0]
    images = [item for item in root.ContentSequence if item.ValueType == "IMAGE"]
    for item, (image, frame) in zip(images, found, strict=True):
        if frame and image.frames > 1:
            item.ReferencedSOPSequence[0].ReferencedFrameNumber = frame
    return root


def _stand_in(image: SourceImage) -> Dataset:
    """What highdicom asks of an image it refers to."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = UID(image.sop_class), UID(image.sop_uid)
    ds.Rows, ds.Columns = image.rows, image.columns
    return ds


def _by_series(images: Sequence[SourceImage]) -> list[Dataset]:
    """Every image once, under its series (PS3.3 C.17.2.3)."""
    by_uid: dict[str, dict[str, SourceImage]] = {}
    for image in images:
        by_uid.setdefault(image.series_uid, {})[image.sop_uid] = image
    items = []
    for uid, members in by_uid.items():
        item = Dataset()
        item.SeriesInstanceUID = UID(uid)
        item.ReferencedSOPSequence = [reference_to(image, 0) for image in members.values()]
        items.append(item)
    return items
