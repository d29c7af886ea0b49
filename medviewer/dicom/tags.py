"""The elements a scan asks of every header, by their keyword in PS3.6."""

from __future__ import annotations

from pydicom.datadict import tag_for_keyword


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise ValueError(f"unknown DICOM keyword {keyword!r}")
    return int(tag)


COMMON = (
    "SpecificCharacterSet",
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyDescription",
    "AccessionNumber",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesDescription",
    "SeriesDate",
    "SeriesTime",
    "Modality",
    "BodyPartExamined",
    "Manufacturer",
    "ManufacturerModelName",
    "ConvolutionKernel",
    "KVP",
    "SliceThickness",
    "ContrastBolusAgent",
    "PatientPosition",
    "PatientOrientation",
    "ViewPosition",
    "Laterality",
    "ImageLaterality",
    "ProtocolName",
    "CineRate",
    "FrameTime",
    "FrameTimeVector",
    "RecommendedDisplayFrameRate",
)
"""Facts that are (nearly) the same in all images of a series, read once for equal bytes."""

IMAGE = (
    "SOPClassUID",
    "SOPInstanceUID",
    "InstanceNumber",
    "ImageType",
    "NumberOfFrames",
    "FrameOfReferenceUID",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "NominalScannedPixelSpacing",
    "PixelSpacingCalibrationType",
    "PixelAspectRatio",
    "EstimatedRadiographicMagnificationFactor",
    "SequenceOfUltrasoundRegions",
    "AnatomicalOrientationType",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "FloatPixelPaddingValue",
    "FloatPixelPaddingRangeLimit",
    "DoubleFloatPixelPaddingValue",
    "DoubleFloatPixelPaddingRangeLimit",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "Units",
    "ModalityLUTSequence",
    "RealWorldValueMappingSequence",
    "WindowCenter",
    "WindowWidth",
    "WindowCenterWidthExplanation",
    "VOILUTFunction",
    "BurnedInAnnotation",
    "VOILUTSequence",
    "LossyImageCompression",
    "LossyImageCompressionRatio",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "HeartRate",
    "NominalInterval",
    "CardiacNumberOfImages",
    "ScanOptions",
    "CardiacSynchronizationTechnique",
    "ConcatenationUID",
    "InConcatenationNumber",
    "InConcatenationTotalNumber",
)

PHASE = (
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "DiffusionBValue",
    "EchoTime",
    "EchoNumbers",
    "TriggerTime",
    "FrameReferenceTime",
    "AcquisitionNumber",
    "AcquisitionTime",
    "ContentTime",
)
"""What may tell apart images at one place, in the order it is tried."""

TAG: dict[str, int] = {keyword: _tag(keyword) for keyword in (*COMMON, *IMAGE, *PHASE)}
COMMON_TAGS = tuple(TAG[k] for k in COMMON)
PHASE_TAGS = tuple(TAG[k] for k in PHASE)
OVERLAY_GROUPS = range(0x6000, 0x6020, 2)
OVERLAY_TAGS = frozenset(group << 16 | 0x0010 for group in OVERLAY_GROUPS)
"""Overlay Rows of each group (PS3.3 C.9.2): a header with one of these has overlay planes."""
WANTED = frozenset(TAG.values()) | OVERLAY_TAGS
