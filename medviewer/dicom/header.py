"""One file's header to facts: the images it holds and whose they are. No pixel is read.

What cannot be an image raises :class:`~medviewer.dicom.elements.Broken` with one plain sentence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from medviewer.dicom import plane
from medviewer.dicom import values as v
from medviewer.dicom.acquisition import acquisition_of, heart_gated
from medviewer.dicom.elements import Broken
from medviewer.dicom.flaws import Flaws, as_streamed, flaws_of
from medviewer.dicom.hounsfield import told_hu
from medviewer.dicom.meaning import with_meaning
from medviewer.dicom.other_objects import OtherObject, kind_of, make_object
from medviewer.dicom.pixel_format import bits_contradict, pixel_format
from medviewer.dicom.study import Acquisition, Instance, PixelFormat, SeriesIssue
from medviewer.dicom.syntaxes import LOSSY_METHOD
from medviewer.dicom.tags import COMMON, COMMON_TAGS, OVERLAY_TAGS, PHASE_TAGS, TAG, WANTED
from medviewer.dicom.walk import Header, walk
from medviewer.imaging.inplane import Region
from medviewer.imaging.window import Window

_GROUPS = {TAG["PerFrameFunctionalGroupsSequence"], TAG["SharedFunctionalGroupsSequence"]}
_SPACING = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelSpacingCalibrationType")
_NO_SCALE = Region(0, 0, 65535, 65535, None)
_PROJECTIONS = frozenset({"CR", "DX", "IO", "MG", "PX", "RF", "RG", "XA"})
_WINDOW = ("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation", "VOILUTFunction")


@dataclass(frozen=True)
class Common:
    """What the header says of patient, study and series."""

    patient_id: str
    name: str
    birth_date: str
    sex: str
    age: str
    study_uid: str
    study_date: str
    study_time: str
    study_description: str
    accession: str
    series_uid: str
    number: int | None
    description: str
    date: str
    time: str
    modality: str
    body_part: str
    acquisition: Acquisition


@dataclass(frozen=True)
class Concatenation:
    """Which part of an image that was cut into several files this is (PS3.3 C.7.6.16.2.2.4)."""

    uid: str
    number: int
    total: int | None


@dataclass(frozen=True)
class Facts:
    """One image (or frame) and everything needed to put it into its place."""

    instance: Instance
    common: Common
    frame_of_reference_uid: str = ""
    phase: tuple[str, ...] = ()
    """Values of :data:`~medviewer.dicom.tags.PHASE`, as text; for frames also stack and segment."""
    hu: bool = False
    """Whether the rescaled values are Hounsfield units."""
    lossy: str = ""
    flaws: Flaws = frozenset()
    """What is wrong with the file, though it can be read."""
    suv: float | None = None
    """What rescaled values are multiplied by to be SUVbw; None where that is not told."""
    unit_label: str = ""
    """What rescaled values are said to be: "Bq/mL"; empty where nothing is said."""
    concatenation: Concatenation | None = None
    quantity: str = ""
    """What real-world values measure; empty where nothing is said."""


def read_header(path: Path) -> list[Facts]:
    """The images of one file, one for each frame.

    Raises :class:`OtherObject` for a known object that is no image, :class:`Broken`, OSError from the disk.
    """
    header = walk(path, WANTED)
    raw = header.values
    common = _common(tuple(raw.get(tag, b"") for tag in COMMON_TAGS))
    _refuse_other(path, header, common)
    try:
        facts = with_meaning(_first(path, header, common), header)
        if facts.instance.frames == 1 and not _GROUPS & header.present:
            return [facts]
        from medviewer.dicom.multiframe import frames_of

        return frames_of(facts, header)
    except Broken as error:
        raise Broken(str(error), error.series_uid or common.series_uid) from error


def _refuse_other(path: Path, header: Header, common: Common) -> None:
    uids = tuple(v.ascii_text(header.values.get(TAG[k], b"")) for k in ("SOPClassUID", "SOPInstanceUID"))
    kind = kind_of(uids[0], has_pixels=header.pixel_tag is not None)
    if kind is not None:
        raise OtherObject(make_object(path, (uids[0], uids[1]), kind, common, patient_key(common)))


def patient_key(c: Common) -> str:
    """Same id and name and birth date, or another patient. A digest, so that it may be logged.

    Without an id nothing proves that two studies belong to one person: the study counts too.
    """
    parts = [c.patient_id, c.name.rstrip("^= "), c.birth_date, "" if c.patient_id else c.study_uid]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@lru_cache(maxsize=4096)
def _common(raw: tuple[bytes, ...]) -> Common:
    of = dict(zip(COMMON, raw, strict=True))
    charset = of["SpecificCharacterSet"]

    def say(keyword: str) -> str:
        return v.text(of[keyword], charset)

    return Common(
        patient_id=say("PatientID"),
        name=say("PatientName"),
        birth_date=say("PatientBirthDate"),
        sex=say("PatientSex"),
        age=say("PatientAge"),
        study_uid=v.ascii_text(of["StudyInstanceUID"]),
        study_date=say("StudyDate"),
        study_time=say("StudyTime"),
        study_description=say("StudyDescription"),
        accession=say("AccessionNumber"),
        series_uid=v.ascii_text(of["SeriesInstanceUID"]),
        number=v.integer(of["SeriesNumber"]),
        description=say("SeriesDescription"),
        date=say("SeriesDate"),
        time=say("SeriesTime"),
        modality=say("Modality").upper(),
        body_part=say("BodyPartExamined"),
        acquisition=acquisition_of(of, charset),
    )


def _asking(raw: dict[int, bytes]) -> Callable[[str], bytes]:
    """Values by keyword, empty where the file has none."""
    return lambda keyword: raw.get(TAG[keyword], b"")


def _first(path: Path, header: Header, common: Common) -> Facts:
    """The facts of a file with one image, or what all its frames share."""
    raw, get = header.values, _asking(header.values)
    written = pixel_format(header)
    rows, columns = (v.binary(get(k), header.coding.little) or 0 for k in ("Rows", "Columns"))
    pixels = as_streamed(header, written, (rows, columns))
    has_lut = TAG["ModalityLUTSequence"] in header.present
    _check_tables(header, has_lut or pixels.photometric == "PALETTE COLOR")
    slope, intercept, valid = plane.rescale(get("RescaleSlope"), get("RescaleIntercept"))
    spacing, label = _spacing(raw, common.modality)
    bits = bits_contradict(header, written) or written.signed != pixels.signed
    instance = Instance(
        path=path,
        sop_uid=v.ascii_text(get("SOPInstanceUID")),
        sop_class=v.ascii_text(get("SOPClassUID")),
        rows=rows,
        columns=columns,
        pixels=pixels,
        frames=frame_count(get("NumberOfFrames")),
        number=v.integer(get("InstanceNumber")),
        position=plane.position(get("ImagePositionPatient")),
        orientation=plane.orientation(get("ImageOrientationPatient")),
        pixel_spacing=spacing,
        spacing_label=label,
        aspect=plane.aspect(get("PixelAspectRatio")),
        magnification=plane.magnification(get("EstimatedRadiographicMagnificationFactor")),
        slope=1.0 if has_lut else slope,
        intercept=0.0 if has_lut else intercept,
        windows=_windows(path, header, pixels, intercept),
        padding=_padding(header, pixels.signed),
        image_type=v.parts(get("ImageType")),
        modality_lut=has_lut,
        regions=_regions(path, header),
        edges=v.parts(get("PatientOrientation")),
        view=v.ascii_text(get("ViewPosition")),
        quadruped=v.ascii_text(get("AnatomicalOrientationType")) == "QUADRUPED",
        gated=heart_gated(get),
        overlays=not OVERLAY_TAGS.isdisjoint(header.present),
        stamp=header.stamp,
    )
    return Facts(
        instance,
        common,
        v.ascii_text(get("FrameOfReferenceUID")),
        tuple(v.ascii_text(raw.get(tag, b"")) for tag in PHASE_TAGS),
        valid and not has_lut and not bits and told_hu(raw, common.modality),
        _lossy(header),
        _flaws(header, written, instance, bits),
    )


def _flaws(header: Header, written: PixelFormat, instance: Instance, bits: bool) -> Flaws:
    """What is wrong with the file; ``bits``: whether its pixels are otherwise than the header says."""
    found = flaws_of(header, written, instance.rows * instance.columns, instance.frames)
    return found | {SeriesIssue.CONTRADICTORY_PIXELS} if bits else found


def _check_tables(header: Header, has_tables: bool) -> None:
    """A damaged header's tables are not handed to a parser."""
    if has_tables and not header.sound:
        raise Broken("The header is damaged: a sequence has no end.")


def _spacing(raw: dict[int, bytes], modality: str) -> tuple[tuple[float, float] | None, str]:
    """Pixel spacing with what its millimetres are."""
    told = (raw.get(TAG[keyword], b"") for keyword in _SPACING)
    return plane.spacing(*told, projection=modality in _PROJECTIONS)


def _regions(path: Path, header: Header) -> tuple[Region, ...]:
    """Ultrasound regions; where they cannot be read the whole picture has no scale."""
    if TAG["SequenceOfUltrasoundRegions"] not in header.present:
        return ()
    from medviewer.dicom.inplane import read_regions

    try:
        return read_regions(path) or (_NO_SCALE,)
    except Exception:  # noqa: BLE001 - a damaged sequence: lengths in pixels are still right
        return (_NO_SCALE,)


def _windows(path: Path, header: Header, pixels: PixelFormat, intercept: float) -> tuple[Window, ...]:
    """The image's windows, then the tables of its VOI LUT Sequence; a damaged one cannot be chosen."""
    invert = pixels.photometric == "MONOCHROME1"
    windows = plane.windows(*(header.values.get(TAG[keyword], b"") for keyword in _WINDOW), invert)
    if TAG["VOILUTSequence"] not in header.present:
        return windows
    from medviewer.dicom.voi_lut import read_voi_luts

    signed = pixels.signed or intercept < 0
    return (*windows, *read_voi_luts(path, signed, header.coding.little, invert))


def frame_count(raw: bytes) -> int:
    """NumberOfFrames, 1 where absent. Raises :class:`Broken` for nonsense."""
    count = v.integer(raw) if raw.strip(b"\0 ") else 1
    if count is None or not 1 <= count <= 200_000:
        raise Broken("The number of frames is not believable.")
    return count


def _padding(header: Header, signed: bool) -> tuple[int, int] | None:
    """Pixel Padding Value and Range Limit as an ordered range (PS3.3 C.7.5.1.1.2).

    The bytes are read by the pixels' own sign: the VR is wrong in many files.
    """
    little = header.coding.little
    value = v.binary(header.values.get(TAG["PixelPaddingValue"], b""), little, signed)
    if value is None:
        return None
    limit = v.binary(header.values.get(TAG["PixelPaddingRangeLimit"], b""), little, signed)
    other = value if limit is None else limit
    return min(value, other), max(value, other)


def _lossy(header: Header) -> str:
    """ "LOSSY 12.5:1 JPEG" for images that lost something on their way (PS3.3 C.7.6.1.1.5)."""
    flag = v.ascii_text(header.values.get(TAG["LossyImageCompression"], b""))
    method = LOSSY_METHOD.get(header.transfer_syntax, "")
    reversible = header.transfer_syntax.endswith((".4.91", ".4.112", ".4.203")) and flag == "00"
    if flag != "01" and (not method or reversible):
        return ""
    ratios = v.numbers(header.values.get(TAG["LossyImageCompressionRatio"], b""))
    ratio = f"{ratios[-1]:.3g}:1" if ratios and ratios[-1] > 0 else ""
    return " ".join(part for part in ("LOSSY", ratio, method) if part)
