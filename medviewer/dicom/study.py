"""Patient, study, series, instance: what the headers say, immutable, in display order."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from medviewer.imaging.inplane import Region
from medviewer.imaging.value_map import ValueMap
from medviewer.imaging.volume import Geometry, Unit
from medviewer.imaging.window import Window

PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"


class SeriesIssue(StrEnum):
    """Why a series is not simply a volume. One with issues still opens as a stack of images."""

    NO_POSITION = "NO_POSITION"
    MISSING_SLICES = "MISSING_SLICES"
    IRREGULAR_SPACING = "IRREGULAR_SPACING"
    MIXED_ORIENTATION = "MIXED_ORIENTATION"
    MIXED_SIZE = "MIXED_SIZE"
    MIXED_SPACING = "MIXED_SPACING"
    MIXED_UNIT = "MIXED_UNIT"
    MIXED_FRAME_OF_REFERENCE = "MIXED_FRAME_OF_REFERENCE"
    MIXED_PATIENT = "MIXED_PATIENT"
    DUPLICATE_POSITION = "DUPLICATE_POSITION"
    DUPLICATE_INSTANCE = "DUPLICATE_INSTANCE"
    NO_SPACING = "NO_SPACING"
    TILTED = "TILTED"
    UNREADABLE_FILE = "UNREADABLE_FILE"
    NO_PATIENT_ID = "NO_PATIENT_ID"
    LOSSY = "LOSSY"
    CONTRADICTORY_PIXELS = "CONTRADICTORY_PIXELS"
    INVALID_RESCALE = "INVALID_RESCALE"
    IRREGULAR_FILE = "IRREGULAR_FILE"
    TWO_IDENTIFIERS = "TWO_IDENTIFIERS"
    UNKNOWN_CHARACTERS = "UNKNOWN_CHARACTERS"
    BURNED_IN = "BURNED_IN"
    INCOMPLETE_CONCATENATION = "INCOMPLETE_CONCATENATION"
    NO_SUV = "NO_SUV"
    REPAIRED = "REPAIRED"


ISSUE_TEXT: dict[SeriesIssue, str] = {
    SeriesIssue.NO_POSITION: "Image positions are missing: shown in file order, no planes, no 3-D.",
    SeriesIssue.MISSING_SLICES: "Slices are missing between the first and the last image.",
    SeriesIssue.IRREGULAR_SPACING: "The distance between slices varies: volumes are not measured.",
    SeriesIssue.MIXED_ORIENTATION: "Images of several orientations were found and shown apart.",
    SeriesIssue.MIXED_SIZE: "Images of several sizes were found and shown apart.",
    SeriesIssue.MIXED_SPACING: "Images of several pixel spacings were found and shown apart.",
    SeriesIssue.MIXED_UNIT: "Images of several units were found and shown apart.",
    SeriesIssue.MIXED_FRAME_OF_REFERENCE: "Images of several frames of reference were shown apart.",
    SeriesIssue.MIXED_PATIENT: "One series held images of different patients: they were set apart.",
    SeriesIssue.DUPLICATE_POSITION: "Several images share one position: shown as separate stacks.",
    SeriesIssue.DUPLICATE_INSTANCE: "The same image was found more than once: one copy is shown.",
    SeriesIssue.NO_SPACING: "The pixel spacing is missing or invalid: distances are in pixels.",
    SeriesIssue.TILTED: "The gantry was tilted: planes and volumes are not computed.",
    SeriesIssue.UNREADABLE_FILE: "Some images of this series could not be read.",
    SeriesIssue.NO_PATIENT_ID: "The images carry no patient ID.",
    SeriesIssue.LOSSY: "The images were compressed with loss.",
    SeriesIssue.CONTRADICTORY_PIXELS: "Header and pixels contradict each other: the picture may be wrong.",
    SeriesIssue.INVALID_RESCALE: "Slope or intercept is no usable number: stored values are shown, no unit.",
    SeriesIssue.IRREGULAR_FILE: "A file breaks the rules of its format: what it says may be wrong.",
    SeriesIssue.TWO_IDENTIFIERS: "A file names two identifiers for its image: the image's own is used.",
    SeriesIssue.UNKNOWN_CHARACTERS: "Names are in an unknown character set and may be shown wrong.",
    SeriesIssue.INCOMPLETE_CONCATENATION: "The image was cut into several files and not all were found.",
    SeriesIssue.NO_SUV: "No SUV: dose, weight, times, unit or corrections are not all told.",
    SeriesIssue.REPAIRED: "Opened by repair: how the file is encoded was guessed, its values may be wrong.",
    SeriesIssue.BURNED_IN: "Text is burned into the pixels: it may name the patient.",
}


@dataclass(frozen=True)
class PixelFormat:
    """How stored pixels are laid out (PS3.3 C.7.6.3) and where they lie in the file."""

    transfer_syntax: str
    bits_allocated: int
    bits_stored: int
    signed: bool
    samples: int = 1
    photometric: str = "MONOCHROME2"
    planar: int = 0
    offset: int | None = None
    """Byte offset of the Pixel Data value in the file; None where the file must be parsed again."""
    length: int | None = None
    """Byte length of an uncompressed Pixel Data value."""
    float_pixels: bool = False
    swapped: bool = False
    """Whether pixels of a byte or a bit lie in big-endian words: the bytes of each pair change places."""


@dataclass(frozen=True)
class Instance:
    """One image: an SOP instance, or one frame of it. Header facts only."""

    path: Path
    sop_uid: str
    sop_class: str
    rows: int
    columns: int
    pixels: PixelFormat
    frame: int = 0
    frames: int = 1
    number: int | None = None
    position: tuple[float, float, float] | None = None
    """ImagePositionPatient, LPS mm: centre of the first pixel."""
    orientation: tuple[float, float, float, float, float, float] | None = None
    """ImageOrientationPatient, validated: unit length and orthogonal within 1e-3, else None."""
    pixel_spacing: tuple[float, float] | None = None
    """(between rows, between columns) in mm, validated: positive and finite, else None."""
    spacing_label: str = "mm"
    """What the millimetres are: "mm", "mm at detector", "mm (calibrated)" …, or "px" without spacing."""
    aspect: float = 1.0
    """Pixel Aspect Ratio: height over width of a pixel, told where there is no spacing; else square."""
    magnification: float | None = None
    """How much larger than the object its picture at the detector is estimated to be (0018,1114)."""
    slope: float = 1.0
    intercept: float = 0.0
    windows: tuple[Window, ...] = ()
    padding: tuple[float, float] | None = None
    """Stored values that mean "no data", inclusive range."""
    image_type: tuple[str, ...] = ()
    modality_lut: bool = False
    """Whether a Modality LUT Sequence takes the place of slope and intercept (PS3.3 C.11.1)."""
    regions: tuple[Region, ...] = ()
    """Calibrated parts of an ultrasound picture; where there are any, only they tell lengths."""
    edges: tuple[str, ...] = ()
    """PatientOrientation: where the right and the lower edge of the image lie in the patient."""
    view: str = ""
    """View Position (0018,5101): "PA", "AP", "LL"; empty where it is not told."""
    quadruped: bool = False
    gated: bool = False
    """Whether its time in the heartbeat is told, or that it was taken by it (C.7.6.18.1, C.8.3.1)."""
    overlays: bool = False
    """Whether overlay planes lie on the image (:mod:`~medviewer.dicom.overlay_planes`)."""
    group: str = ""
    """The image this one is a part of, where one image was cut into several files (Concatenation UID)."""
    sequence: tuple[int, ...] = ()
    """Where a frame comes within its file or group: Dimension Index Values, else the part it lies in."""
    stamp: tuple[int, int] = (0, 0)
    """Size and modification time (ns) of the file when it was scanned: a changed file is not believed."""
    value_map: ValueMap | None = None
    """From stored to real-world values: takes the place of slope and intercept."""


@dataclass(frozen=True)
class Acquisition:
    """How the images were made: what a suitability check asks for. Empty string or None where not said."""

    manufacturer: str = ""
    model: str = ""
    kernel: str = ""
    kvp: float | None = None
    slice_thickness_mm: float | None = None
    contrast: str = ""
    """Contrast/Bolus Agent, empty where none is told."""
    patient_position: str = ""
    patient_orientation: tuple[str, ...] = ()
    view_position: str = ""
    laterality: str = ""
    protocol: str = ""
    frame_rate: float | None = None


@dataclass(frozen=True)
class Series:
    """Instances in display order. ``part`` tells apart the pieces of one DICOM series that was split.

    ``geometry`` is present only where the stack is one regular, untilted volume.
    """

    uid: str
    study_uid: str
    patient_key: str
    modality: str
    instances: tuple[Instance, ...]
    number: int | None = None
    description: str = ""
    body_part: str = ""
    date: str = ""
    time: str = ""
    part: str = ""
    geometry: Geometry | None = None
    frame_of_reference_uid: str = ""
    unit: Unit = Unit.RAW
    unit_label: str = ""
    """What values of Unit.RAW are said to be: "Bq/mL"; empty where nothing is said."""
    quantity: str = ""
    """What real-world values measure: "Apparent Diffusion Coefficient"; empty where nothing is said."""
    acquisition: Acquisition = field(default_factory=Acquisition)
    issues: frozenset[SeriesIssue] = frozenset()
    lossy: str = ""
    """Empty, or the notice to show: "LOSSY 12.5:1"."""

    @property
    def key(self) -> str:
        """Unique in a session: the series UID, and the part where the series was split."""
        return f"{self.uid}#{self.part}" if self.part else self.uid

    @property
    def is_volume(self) -> bool:
        """Whether the stack is one regular volume with at least two slices."""
        return self.geometry is not None and len(self.instances) > 1

    @property
    def is_map(self) -> bool:
        """Whether these are parametric maps: figures to be read off, not pictures of a patient."""
        return self.instances[0].sop_class == PARAMETRIC_MAP

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns) of the images."""
        return self.instances[0].rows, self.instances[0].columns


@dataclass(frozen=True)
class Study:
    """One study of one patient."""

    uid: str
    series: tuple[Series, ...]
    date: str = ""
    time: str = ""
    description: str = ""
    accession: str = ""
    patient_age: str = ""


@dataclass(frozen=True)
class Patient:
    """One patient: same id *and* name *and* birth date. ``key`` is what every image is checked against."""

    key: str
    id: str
    name: str
    """As the header says it, component groups joined by "=" (PS3.5 6.2.1), control characters stripped."""
    studies: tuple[Study, ...]
    birth_date: str = ""
    sex: str = ""


@dataclass(frozen=True)
class Unreadable:
    """A file that was found and not opened, and why (one sentence, no patient data)."""

    path: Path
    reason: str


@dataclass(frozen=True)
class ObjectKind:
    """What an object that is no image is: a short code ("SEG") and the words for it."""

    code: str
    name: str


@dataclass(frozen=True)
class DicomObject:
    """A DICOM object that is no image: a segmentation, a report, a structure set and the like.

    ``patient`` and ``study`` say whose it is; they hold no studies and series of their own.
    """

    path: Path
    sop_class: str
    sop_uid: str
    kind: ObjectKind
    patient: Patient
    study: Study
    series_uid: str = ""
    number: int | None = None
    description: str = ""


@dataclass(frozen=True)
class ScanResult:
    """What lies under the given paths."""

    patients: tuple[Patient, ...]
    unreadable: tuple[Unreadable, ...] = ()
    objects: tuple[DicomObject, ...] = ()
    """What was found beside the images, in order of path."""

    def all_series(self) -> list[Series]:
        """Every series, in order of patient, study, number."""
        return [se for p in self.patients for st in p.studies for se in st.series]

    def owner(self, series: Series) -> tuple[Patient, Study]:
        """Patient and study of a series. Raises KeyError for one that was not scanned here."""
        for patient in self.patients:
            for study in patient.studies:
                if any(s.key == series.key and patient.key == series.patient_key for s in study.series):
                    return patient, study
        raise KeyError(series.key)
