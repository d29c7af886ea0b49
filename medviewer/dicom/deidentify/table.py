"""PS3.15 Table E.1-1 as data, and what it and our own rules make of an attribute.

The table lies in ``resources/deidentification.tsv``, which names its editions. What it does not list is
judged by value representation: free text is kept only where its attribute is known to be about the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from pydicom.datadict import tag_for_keyword

from medviewer import paths
from medviewer.dicom.deidentify.options import Option

EDITION = "PS3.15 2026c Table E.1-1"
"""Of the basic profile; the options' columns are older (see the file)."""

DATE_VR = frozenset({"DA", "DT", "TM"})
TEXT_VR = frozenset({"LO", "SH", "ST", "LT", "UT", "UC"})
_NUMBER_VR = frozenset(
    {"AT", "DS", "IS", "FL", "FD", "SL", "SS", "UL", "US", "SV", "UV", "OF", "OD", "OL", "OV", "US or SS"}
)
_BYTES_VR = frozenset({"OB", "OW", "OB or OW", "US or OW", "US or SS or OW"})


class Act(Enum):
    """What becomes of an attribute."""

    KEEP = auto()
    REMOVE = auto()
    EMPTY = auto()
    REPLACE = auto()
    """By a dummy of its value representation, where it has a value at all: valid for types 1, 2 and 3."""
    PSEUDONYM = auto()
    """By a word that is the same for the same value in one export, and in no other."""
    UID = auto()
    SHIFT = auto()
    WORDS = auto()
    """Only the words of the vocabulary; where none is left, what the basic profile says."""
    ITEMS = auto()
    """A sequence that stays, its items cleaned."""


@dataclass(frozen=True)
class Row:
    """One row: the basic profile ("X/Z/D") and the options' columns ("dates" → "C")."""

    keyword: str
    basic: str
    options: dict[str, str]
    younger: bool
    """Whether the options' columns are by kind: the attribute is younger than their edition."""


@lru_cache(maxsize=1)
def rows() -> dict[int, Row]:
    """Tag → row of Table E.1-1. Curves, overlays and private groups are rules of their own."""
    found = {}
    text = (paths.resources() / "deidentification.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        tag, basic, options, younger, keyword = line.split("\t")
        pairs = dict(part.split(":") for part in options.split(",") if part)
        found[int(tag, 16)] = Row(keyword, basic, pairs, bool(younger))
    return found


_BASIC = {
    "X": Act.REMOVE,
    "Z": Act.EMPTY,
    "D": Act.REPLACE,
    "U": Act.UID,
    "X/Z": Act.EMPTY,
    "Z/D": Act.REPLACE,
    "X/D": Act.REPLACE,
    "X/Z/D": Act.REPLACE,
    "X/Z/U*": Act.ITEMS,
}
"""Of several acts the one that is valid whatever the type of the attribute (PS3.15 E.3.1, action codes)."""
_BASIC_OF_SEQUENCES = {**_BASIC, "D": Act.ITEMS, "X/D": Act.REMOVE, "X/Z/D": Act.REMOVE}


def _tags(*keywords: str) -> frozenset[int]:
    found = {keyword: tag_for_keyword(keyword) for keyword in keywords}
    unknown = [keyword for keyword, tag in found.items() if tag is None]
    if unknown:
        raise ValueError(f"unknown DICOM keywords {unknown}")
    return frozenset(tag for tag in found.values() if tag is not None)


OF_CODES = _tags(
    *("CodeValue", "LongCodeValue", "URNCodeValue"),
    *("CodingSchemeDesignator", "CodingSchemeVersion", "CodeMeaning"),
)
"""Cleaned together, by what the code is (:mod:`coded`)."""
_PSEUDONYMS = _tags("PatientID", "PatientName", "TrackingID")
_DROPPED = _tags(
    *("DeidentificationMethod", "DeidentificationMethodCodeSequence", "PatientIdentityRemoved"),
    *("LongitudinalTemporalInformationModified", "CodingSchemeIdentificationSequence"),
    *("EncryptedAttributesSequence", "MACParametersSequence"),
    *("LossyImageCompressionRetired", "PrivateDataElementCharacteristicsSequence"),
)
"""Written anew, or of no meaning after a change; none is listed as one that may stay."""
_TECHNICAL = _tags(
    *("Manufacturer", "ManufacturerModelName", "ManufacturerRelatedModelGroup", "SoftwareVersions"),
    *("SecondaryCaptureDeviceManufacturer", "SecondaryCaptureDeviceManufacturerModelName"),
    *("SecondaryCaptureDeviceSoftwareVersions", "DetectorManufacturerName", "ConvolutionKernel"),
    *("DetectorManufacturerModelName", "SequenceName", "PulseSequenceName", "ImagedNucleus"),
    *("ReceiveCoilName", "TransmitCoilName", "ReceiveCoilManufacturerName", "ImageFilter"),
    *("TransmitCoilManufacturerName", "MultiCoilElementName", "FilterType", "TypeOfFilters"),
    *("CollimatorGridName", "AcquisitionMode", "DoseModeName", "ContrastBolusRoute", "PlateType"),
    *("Radiopharmaceutical", "RadiopharmaceuticalRoute", "PVCRejection", "TriggerSourceOrType"),
    *("CardiacFramingType", "PhosphorType", "TransducerData", "ProcessingFunction", "DetectorMode"),
    *("GridAbsorbingMaterial", "GridSpacingMaterial", "AttenuationCorrectionMethod", "RescaleType"),
    *("ReconstructionMethod", "DetectorLinesOfResponseUsed", "ScatterCorrectionMethod"),
    *("ModalityLUTType", "OpticalPathIdentifier", "ReferencedOpticalPathIdentifier", "StackID"),
    *("PositionReferenceIndicator", "ImageDisplayFormat", "AlgorithmName", "AlgorithmVersion"),
    *("SegmentAlgorithmName", "AlgorithmParameters", "AlgorithmSource", "TargetPositionReferenceIndicator"),
    *("MIMETypeOfEncapsulatedDocument", "FontName", "CSSFontName", "ApplicationName", "ApplicationVersion"),
)
"""Text about the machine and how it made the picture."""
_TECHNICAL_WORDS = _tags(
    *("WindowCenterWidthExplanation", "LUTExplanation", "LUTLabel", "DimensionDescriptionLabel"),
    *("SegmentLabel", "TextValue", "EnergyWindowName", "RTImageLabel", "GraphicGroupLabel"),
)
"""Not listed by themselves, and free text: words of the vocabulary or a dummy."""
_ALWAYS_WORDS = _tags(
    "WindowCenterWidthExplanation", "LUTExplanation", "LUTLabel", "DimensionDescriptionLabel"
)
_BYTES = _tags(
    *("PixelData", "RedPaletteColorLookupTableData", "GreenPaletteColorLookupTableData"),
    *("BluePaletteColorLookupTableData", "AlphaPaletteColorLookupTableData", "WaveformData"),
    *("SegmentedRedPaletteColorLookupTableData", "SegmentedGreenPaletteColorLookupTableData"),
    *("SegmentedBluePaletteColorLookupTableData", "SegmentedAlphaPaletteColorLookupTableData"),
    *("TrianglePointIndexList", "EdgePointIndexList", "VertexPointIndexList", "LUTData"),
    *("PrimitivePointIndexList", "WeightingLookupTableData", "BlendingLookupTableData"),
    *("ChannelMinimumValue", "ChannelMaximumValue", "WaveformPaddingValue", "ICCProfile"),
    *("MaskSubPixelShift", "PixelPaddingValue", "PixelPaddingRangeLimit", "LUTDescriptor"),
    *("RedPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableDescriptor"),
    *("BluePaletteColorLookupTableDescriptor", "MappedPixelValue", "RealWorldValueLastValueMapped"),
    *("RealWorldValueFirstValueMapped", "SmallestImagePixelValue", "LargestImagePixelValue"),
    *("HistogramFirstBinValue", "HistogramLastBinValue", "PixelIntensityRelationshipSign"),
)
_CONTEXT, _GRAPHICS = 0x00400555, 0x00700001
_REFERENCES = _tags("ReferencedStudySequence", "ReferencedPerformedProcedureStepSequence")
"""Type 2 here and type 3 with an item there: items with other UIDs are the dummy that is valid in both."""


def act_for(tag: int, vr: str, options: frozenset[Option]) -> Act:
    """What becomes of a standard attribute. Private groups are not asked here."""
    group = tag >> 16
    if group < 8 or tag & 0xFFFF == 0 or tag in _DROPPED or group & 0xFF00 in (0x5000, 0x6000):
        return Act.REMOVE
    if tag in _PSEUDONYMS:
        return Act.PSEUDONYM
    row = rows().get(tag)
    return _unlisted(tag, vr, options) if row is None else _listed(row, tag, vr, options)


def basic_for(tag: int, vr: str) -> Act:
    """What the basic profile makes of it: where an option cannot do its work."""
    act = act_for(tag, vr, frozenset())
    return Act.REPLACE if act is Act.WORDS else act


def _listed(row: Row, tag: int, vr: str, options: frozenset[Option]) -> Act:
    if vr == "SQ":
        return _sequence(row, tag, options)
    if vr in DATE_VR and Option.DATES in options and "dates" in row.options:
        return Act.SHIFT
    if vr in TEXT_VR and Option.DESCRIPTORS in options and "descriptors" in row.options:
        return Act.WORDS
    return _BASIC[row.basic]


def _sequence(row: Row, tag: int, options: frozenset[Option]) -> Act:
    """Content is always cleaned item by item; whether a report leaves at all is decided before."""
    if tag == _GRAPHICS:
        return Act.ITEMS if Option.GRAPHICS in options else Act.REMOVE
    if tag == _CONTEXT:
        return Act.ITEMS if Option.STRUCTURED in options else Act.EMPTY
    return Act.ITEMS if tag in _REFERENCES else _BASIC_OF_SEQUENCES[row.basic]


def _unlisted(tag: int, vr: str, options: frozenset[Option]) -> Act:
    if vr in ("SQ", "UI"):
        return Act.ITEMS if vr == "SQ" else Act.UID
    if vr in DATE_VR:
        return Act.SHIFT if Option.DATES in options else Act.REPLACE
    if vr in TEXT_VR:
        return _text(tag, options)
    if vr in _NUMBER_VR or vr == "CS" or (vr in _BYTES_VR and tag in _BYTES):
        return Act.KEEP
    return Act.EMPTY if vr in ("PN", "AE", "AS") else Act.REMOVE


def _text(tag: int, options: frozenset[Option]) -> Act:
    if tag in OF_CODES or tag in _TECHNICAL:
        return Act.KEEP
    is_worded = tag in _ALWAYS_WORDS or (tag in _TECHNICAL_WORDS and Option.DESCRIPTORS in options)
    return Act.WORDS if is_worded else Act.REPLACE
