"""A new object in the study of images that are open: same patient, same study, a series of its own.

Nothing of the patient is typed in or guessed: it is copied from the image files as they lie on the disk, and
written in UTF-8. What the files say wrongly or not at all is left empty where the standard allows it, and
that is told (:attr:`Origin.repairs`); what an object cannot do without is refused.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from medviewer import __version__
from medviewer.dicom.evidence.inherited import inherit, words
from medviewer.dicom.evidence.walked import read_walked
from medviewer.dicom.objects.guarded import Item
from medviewer.errors import UnreadableImage, WriteError

MAKER = "MedViewer"
RESEARCH = "RESEARCH"
"""Content Qualification of all that is made here (PS3.3 C.8.13.2.1)."""
_UID = re.compile(r"[0-9.]{1,64}")
_WHOSE = ("PatientID", "PatientName", "PatientBirthDate")
_ASKED = (
    *_WHOSE,
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPClassUID",
    "SOPInstanceUID",
    "FrameOfReferenceUID",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "Modality",
    "Laterality",
    "ImageLaterality",
    "PatientOrientation",
    "LossyImageCompression",
    "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
)
_IMPLEMENTATION = UID("2.25.138166938047207379331226254573240612945")


def new_uid() -> str:
    """A UID that is nobody else's (PS3.5 B.2: made of a random UUID)."""
    return str(generate_uid(prefix=None))


@dataclass(frozen=True)
class Lossy:
    """Whether an image ever lost something to compression, its ratios and methods; objects inherit it."""

    was: bool = False
    ratios: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceImage:
    """An image file that an object is made from; ``frames`` is 1 for an image of one frame."""

    sop_class: str
    sop_uid: str
    series_uid: str
    frame_of_reference_uid: str
    frames: int
    rows: int
    columns: int
    modality: str
    lossy: Lossy = Lossy()
    laterality: str = ""
    edges: tuple[str, ...] = ()
    """Patient Orientation (0020,0020): where the right and the lower edge lie in the patient."""


@dataclass(frozen=True, eq=False)
class Origin:
    """Whose an object is: patient and study as clean attributes in UTF-8, and the images it is made from."""

    header: Dataset
    images: tuple[SourceImage, ...]
    repairs: tuple[str, ...] = ()
    """What was left empty because the files do not say it, or say it wrongly; sentences for the reader."""

    @property
    def study_uid(self) -> str:
        """Study Instance UID."""
        return str(self.header.StudyInstanceUID)


@dataclass(frozen=True)
class NewObject:
    """What an object is besides its content. Empty UIDs are made anew."""

    sop_class: str
    modality: str
    series_number: int
    series_description: str
    instance_number: int = 1
    series_uid: str = field(default_factory=new_uid)
    sop_uid: str = field(default_factory=new_uid)
    when: datetime = field(default_factory=lambda: datetime.now().astimezone())


def read_origin(paths: Iterable[Path]) -> Origin:
    """Patient, study and images of the files (each once, however often it is named), in their order.

    Raises :class:`UnreadableImage` for no file, one that cannot be read or lacks what an object must refer
    to, and for files of more than one patient or study.
    """
    images: list[SourceImage] = []
    whose: set[tuple[str, ...]] = set()
    studies: set[str] = set()
    files = list(dict.fromkeys(paths))
    for path in files:
        item, _ = read_walked(path, _ASKED)
        images.append(_image(item))
        whose.add(tuple(words(item, keyword) for keyword in _WHOSE))
        studies.add(item.code("StudyInstanceUID"))
    if not images:
        raise UnreadableImage("There is no image to make an object from.", "Open a series first.")
    _check_same(whose, studies)
    if len({image.sop_uid for image in images}) < len(images):
        raise UnreadableImage(
            "Two image files carry one SOP Instance UID, so nothing can refer to them.", "Remove the copies."
        )
    header, empty = inherit(files[0])
    return Origin(header, tuple(images), _told(empty))


def _told(empty: tuple[str, ...]) -> tuple[str, ...]:
    if not empty:
        return ()
    names = ", ".join(empty)
    return (f"Left empty, because the images do not tell it, or not as the standard wants it: {names}.",)


def _image(item: Item) -> SourceImage:
    uids = [_required(item, name) for name in ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID")]
    size = [next(iter(item.shorts(name)), 0) for name in ("Rows", "Columns")]
    lossy = Lossy(
        item.code("LossyImageCompression") == "01",
        tuple(str(x) for x in item.numbers("LossyImageCompressionRatio")),
        tuple(x for x in item.code("LossyImageCompressionMethod").split("\\") if x.strip()),
    )
    frame_uid = item.code("FrameOfReferenceUID")
    return SourceImage(
        sop_class=uids[0],
        sop_uid=uids[1],
        series_uid=uids[2],
        frame_of_reference_uid=frame_uid if _UID.fullmatch(frame_uid) else "",
        frames=item.integer("NumberOfFrames") or 1,
        rows=size[0],
        columns=size[1],
        modality=item.code("Modality"),
        lossy=lossy,
        laterality=item.code("Laterality") or item.code("ImageLaterality"),
        edges=tuple(x for x in item.code("PatientOrientation").split("\\") if x),
    )


def _required(item: Item, keyword: str) -> str:
    """A UID without which an object cannot refer to the image (type 1)."""
    uid = item.code(keyword)
    if not _UID.fullmatch(uid):
        raise UnreadableImage(
            f"An image has no valid {keyword}, so nothing can be written that refers to it.",
            "Mend the images where they come from.",
        )
    return uid


def _check_same(whose: set[tuple[str, ...]], studies: set[str]) -> None:
    if len(whose) > 1:
        raise UnreadableImage(
            "The images belong to more than one patient.", "Write an object for each patient apart."
        )
    if len(studies) > 1:
        raise UnreadableImage("The images belong to more than one study.", "Write an object for each study.")


def begin(origin: Origin, new: NewObject) -> Dataset:
    """A dataset with patient, study, series, equipment and SOP common; all but the object's own modules."""
    ds = Dataset()
    return adopt(ds, origin, new)


def adopt(ds: Dataset, origin: Origin, new: NewObject) -> Dataset:
    """Put patient, study, series, equipment and SOP common onto ``ds``.

    For objects that another library made: whatever it wrote of these is replaced. Returns ``ds``.
    """
    for element in origin.header:
        ds[element.tag] = element
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = UID(new.sop_class), UID(new.sop_uid)
    ds.SeriesInstanceUID, ds.SeriesNumber = UID(new.series_uid), new.series_number
    ds.Modality, ds.SeriesDescription = new.modality, new.series_description[:64]
    ds.InstanceNumber = new.instance_number
    date, time = new.when.strftime("%Y%m%d"), new.when.strftime("%H%M%S")
    ds.InstanceCreationDate, ds.InstanceCreationTime = date, time
    ds.SeriesDate, ds.SeriesTime = date, time
    ds.ContentDate, ds.ContentTime = date, time
    ds.Manufacturer, ds.ManufacturerModelName = MAKER, MAKER
    ds.DeviceSerialNumber, ds.SoftwareVersions = "none", __version__
    ds.file_meta = _meta(new)
    ds.preamble = bytes(128)
    return ds


def add_contributor(ds: Dataset, model: str, version: str, what: str, when: datetime) -> None:
    """Name a program or model that had a part in an object (Contributing Equipment, PS3.3 C.12.1).

    ``model``: what it is called; ``what``: its part in plain words.
    """
    purpose = Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator = "109102", "DCM"
    purpose.CodeMeaning = "Processing Equipment"
    entry = Dataset()
    entry.PurposeOfReferenceCodeSequence = [purpose]
    entry.Manufacturer, entry.ManufacturerModelName = MAKER, model[:64]
    entry.SoftwareVersions, entry.ContributionDescription = version[:64], what[:1024]
    entry.ContributionDateTime = when.strftime("%Y%m%d%H%M%S%z")
    ds.ContributingEquipmentSequence = [*ds.get("ContributingEquipmentSequence", ()), entry]


def _meta(new: NewObject) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(new.sop_class), UID(new.sop_uid)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID, meta.ImplementationVersionName = _IMPLEMENTATION, "MEDVIEWER"
    return meta


def referenced_series(images: Sequence[SourceImage]) -> list[Dataset]:
    """Items of a Referenced Series Sequence (PS3.3 C.12.1.1.3.1), the series in order of first image."""
    by_series: dict[str, list[SourceImage]] = {}
    for image in images:
        by_series.setdefault(image.series_uid, []).append(image)
    found = []
    for uid, members in by_series.items():
        entry = Dataset()
        entry.SeriesInstanceUID = UID(uid)
        entry.ReferencedInstanceSequence = [reference(image) for image in members]
        found.append(entry)
    return found


def reference(image: SourceImage, frame: int | None = None) -> Dataset:
    """A reference to an image, or to one frame of it; ``frame`` counts from 0 (in the item from 1)."""
    entry = Dataset()
    entry.ReferencedSOPClassUID, entry.ReferencedSOPInstanceUID = UID(image.sop_class), UID(image.sop_uid)
    if frame is not None and image.frames > 1:
        entry.ReferencedFrameNumber = frame + 1
    return entry


def file_bytes(ds: Dataset) -> bytes:
    """The whole file of an object, its meta header complete."""
    file = BytesIO()
    ds.save_as(file, enforce_file_format=True)
    return file.getvalue()


def write_object(ds: Dataset, path: Path) -> Path:
    """Write an object: the whole of it, or nothing under its name. Raises :class:`WriteError`."""
    partial = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(file_bytes(ds))
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):  # where not even a new file could be made
            partial.unlink(missing_ok=True)
        raise WriteError(
            "The object could not be written: nothing was written.", "Check the folder and space."
        ) from error
    return path
