"""One file's header to facts: the images it holds and whose they are. No pixel is read.

What cannot be an image raises :class:`~medviewer.dicom.walk.Broken` with one plain sentence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from medviewer.dicom import values as v
from medviewer.dicom.pixel_format import pixel_format
from medviewer.dicom.study import Acquisition, Instance
from medviewer.dicom.tags import COMMON, COMMON_TAGS, PHASE_TAGS, TAG, WANTED
from medviewer.dicom.walk import Broken, Header, walk
from medviewer.imaging.window import VoiFunction, Window

_UNIT_TOLERANCE = 1e-3
_LOSSY_SYNTAX = {
    "1.2.840.10008.1.2.4.50": "JPEG",
    "1.2.840.10008.1.2.4.51": "JPEG",
    "1.2.840.10008.1.2.4.53": "JPEG",
    "1.2.840.10008.1.2.4.55": "JPEG",
    "1.2.840.10008.1.2.4.81": "JPEG-LS",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.4.203": "HTJ2K",
}


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


def read_header(path: Path) -> list[Facts]:
    """The images of one file, one for each frame. Raises :class:`Broken`, OSError from the disk."""
    header = walk(path, WANTED)
    raw = header.values
    common = _common(tuple(raw.get(tag, b"") for tag in COMMON_TAGS))
    try:
        facts = _first(path, header, common)
        if facts.instance.frames == 1 and TAG["PerFrameFunctionalGroupsSequence"] not in header.present:
            return [facts]
        from medviewer.dicom.multiframe import frames_of

        return frames_of(facts, header)
    except Broken as error:
        raise Broken(str(error), error.series_uid or common.series_uid) from error


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
        acquisition=_acquisition(of, charset),
    )


def _acquisition(of: dict[str, bytes], charset: bytes) -> Acquisition:
    thickness = v.number(of["SliceThickness"])
    frame_time = v.number(of["FrameTime"])
    rate = v.number(of["CineRate"]) or (1000.0 / frame_time if frame_time and frame_time > 0 else None)
    return Acquisition(
        manufacturer=v.text(of["Manufacturer"], charset),
        model=v.text(of["ManufacturerModelName"], charset),
        kernel=v.text(of["ConvolutionKernel"], charset),
        kvp=v.number(of["KVP"]),
        slice_thickness_mm=thickness if thickness and thickness > 0 else None,
        contrast=v.text(of["ContrastBolusAgent"], charset),
        patient_position=v.ascii_text(of["PatientPosition"]),
        patient_orientation=v.parts(of["PatientOrientation"]),
        view_position=v.ascii_text(of["ViewPosition"]),
        laterality=v.ascii_text(of["ImageLaterality"] or of["Laterality"]),
        protocol=v.text(of["ProtocolName"], charset),
        frame_rate=rate if rate and rate > 0 else None,
    )


def _first(path: Path, header: Header, common: Common) -> Facts:
    """The facts of a file with one image, or what all its frames share."""
    raw = header.values

    def get(keyword: str) -> bytes:
        return raw.get(TAG[keyword], b"")

    pixels = pixel_format(header)
    image_type = v.parts(get("ImageType"))
    has_lut = TAG["ModalityLUTSequence"] in header.present
    slope, intercept, valid = rescale(get("RescaleSlope"), get("RescaleIntercept"))
    spacing, label = _spacing(
        get("PixelSpacing"),
        get("ImagerPixelSpacing"),
        get("NominalScannedPixelSpacing"),
        get("PixelSpacingCalibrationType"),
    )
    kind = v.ascii_text(get("RescaleType"))
    instance = Instance(
        path=path,
        sop_uid=v.ascii_text(get("SOPInstanceUID")),
        sop_class=v.ascii_text(get("SOPClassUID")),
        rows=v.binary(get("Rows"), header.coding.little) or 0,
        columns=v.binary(get("Columns"), header.coding.little) or 0,
        pixels=pixels,
        frames=frame_count(get("NumberOfFrames")),
        number=v.integer(get("InstanceNumber")),
        position=position(get("ImagePositionPatient")),
        orientation=orientation(get("ImageOrientationPatient")),
        pixel_spacing=spacing,
        spacing_label=label,
        slope=1.0 if has_lut else slope,
        intercept=0.0 if has_lut else intercept,
        windows=windows(
            get("WindowCenter"),
            get("WindowWidth"),
            get("WindowCenterWidthExplanation"),
            get("VOILUTFunction"),
            pixels.photometric == "MONOCHROME1",
        ),
        padding=_padding(header, pixels.signed),
        image_type=image_type,
        modality_lut=has_lut,
        stamp=header.stamp,
    )
    return Facts(
        instance,
        common,
        v.ascii_text(get("FrameOfReferenceUID")),
        tuple(v.ascii_text(raw.get(tag, b"")) for tag in PHASE_TAGS),
        valid and not has_lut and is_hu(common.modality, kind, image_type),
        _lossy(header),
    )


def frame_count(raw: bytes) -> int:
    """NumberOfFrames, 1 where absent. Raises :class:`Broken` for nonsense."""
    count = v.integer(raw) if raw.strip(b"\0 ") else 1
    if count is None or not 1 <= count <= 200_000:
        raise Broken("The number of frames is not believable.")
    return count


def is_hu(modality: str, rescale_type: str, image_type: tuple[str, ...]) -> bool:
    """Whether CT values are HU: said so, or an original CT that says nothing (PS3.3 C.8.2.1.1.2)."""
    if modality != "CT":
        return False
    return rescale_type == "HU" or (not rescale_type and image_type[:1] == ("ORIGINAL",))


def rescale(slope: bytes, intercept: bytes) -> tuple[float, float, bool]:
    """(slope, intercept, valid); a slope of zero or no number is not believed (PS3.3 C.11.1)."""
    if not slope and not intercept:
        return 1.0, 0.0, True
    m = v.number(slope) if slope else 1.0
    b = v.number(intercept) if intercept else 0.0
    return (m, b, True) if m and b is not None else (1.0, 0.0, False)


@lru_cache(maxsize=1024)
def position(raw: bytes) -> tuple[float, float, float] | None:
    """ImagePositionPatient, LPS mm."""
    xyz = v.numbers(raw)
    return (xyz[0], xyz[1], xyz[2]) if len(xyz) == 3 else None


@lru_cache(maxsize=1024)
def orientation(raw: bytes) -> tuple[float, float, float, float, float, float] | None:
    """ImageOrientationPatient, only where both cosines are unit vectors at right angles within 1e-3."""
    c = v.numbers(raw)
    if len(c) != 6:
        return None
    row, column = np.array(c[:3]), np.array(c[3:])
    off = (abs(np.linalg.norm(row) - 1), abs(np.linalg.norm(column) - 1), abs(row @ column))
    return (c[0], c[1], c[2], c[3], c[4], c[5]) if max(off) < _UNIT_TOLERANCE else None


@lru_cache(maxsize=1024)
def _spacing(
    pixel: bytes, imager: bytes, nominal: bytes, calibration: bytes
) -> tuple[tuple[float, float] | None, str]:
    """Spacing (row, column) and what its millimetres are (PS3.3 10.7)."""
    own, detector = spacing_pair(pixel), spacing_pair(imager)
    kind = v.ascii_text(calibration)
    if own is not None:
        if kind or (detector is not None and not np.allclose(own, detector, rtol=1e-4)):
            return own, f"mm (calibrated: {kind})" if kind else "mm (calibrated)"
        return own, "mm at detector" if detector is not None else "mm"
    if detector is not None and not pixel.strip(b"\0 "):
        return detector, "mm at detector"
    scanned = spacing_pair(nominal)
    if scanned is not None and not pixel.strip(b"\0 "):
        return scanned, "mm (nominal)"
    return None, "px"


def spacing_pair(raw: bytes) -> tuple[float, float] | None:
    """Two positive finite numbers, or None."""
    pair = v.numbers(raw)
    return (pair[0], pair[1]) if len(pair) == 2 and min(pair) > 0 and math.isfinite(sum(pair)) else None


@lru_cache(maxsize=1024)
def windows(centres: bytes, widths: bytes, names: bytes, function: bytes, invert: bool) -> tuple[Window, ...]:
    """The header's windows that the standard allows, in its order."""
    labels = v.text(names, b"").split("\\")
    pairs = zip(v.numbers(centres), v.numbers(widths), strict=False)
    found = []
    for k, (centre, width) in enumerate(pairs):
        label = labels[k].strip() if k < len(labels) else ""
        window = make_window(centre, width, v.ascii_text(function), label, invert)
        if window is not None:
            found.append(window)
    return tuple(found)


def make_window(centre: float, width: float, function: str, name: str, invert: bool) -> Window | None:
    """A window as the header gives it, or None where the standard forbids it (PS3.3 C.11.2.1.2)."""
    kind = VoiFunction(function) if function in set(VoiFunction) else VoiFunction.LINEAR
    try:
        return Window(centre, width, kind, invert, name)
    except ValueError:
        return None


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
    method = _LOSSY_SYNTAX.get(header.transfer_syntax, "")
    reversible = header.transfer_syntax.endswith(".4.91") and flag == "00"
    if flag != "01" and (not method or reversible):
        return ""
    ratios = v.numbers(header.values.get(TAG["LossyImageCompressionRatio"], b""))
    ratio = f"{ratios[-1]:.3g}:1" if ratios and ratios[-1] > 0 else ""
    return " ".join(part for part in ("LOSSY", ratio, method) if part)
