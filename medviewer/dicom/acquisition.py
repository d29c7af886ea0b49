"""How images were made, as their header says; and how fast a film of them runs (PS3.3 C.7.6.5, C.7.6.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from medviewer.dicom import values as v
from medviewer.dicom.study import Acquisition


def acquisition_of(of: Mapping[str, bytes], charset: bytes) -> Acquisition:
    """The facts of raw elements by their keyword; empty or None where nothing is said."""
    thickness = v.number(of["SliceThickness"])
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
        frame_rate=frame_rate(of),
    )


def frame_rate(of: Mapping[str, bytes]) -> float | None:
    """Images a second: as recommended, as acquired, by the time of a frame, by the mean of their times."""
    vector = v.numbers(of["FrameTimeVector"])[1:]  # the first is the first frame's, always zero
    mean = sum(vector) / len(vector) if vector else None
    told = (v.number(of["RecommendedDisplayFrameRate"]), v.number(of["CineRate"]))
    times = (v.number(of["FrameTime"]), mean)
    rates = [*told, *(1000.0 / ms if ms and ms > 0 else None for ms in times)]
    return next((rate for rate in rates if rate and rate > 0), None)


_HEARTBEAT = ("HeartRate", "NominalInterval", "TriggerTime")
_GATED = frozenset({"CG", "PPG"})
"""Scan Options: by the electrocardiogram, by the peripheral pulse (PS3.3 C.8.3.1.1.3)."""
_SYNCHRONIZED = frozenset({"PROSPECTIVE", "RETROSPECTIVE", "PACED", "REALTIME"})
"""Cardiac Synchronization Technique (PS3.3 C.7.6.18.1): all of them but NONE."""


def heart_gated(get: Callable[[str], bytes]) -> bool:
    """Whether raw elements, by their keyword, tell of a heartbeat that the image was taken by.

    Some scanners write zeros, and one image a beat, into every header: these tell nothing.
    """
    told = (v.numbers(get(keyword)) for keyword in _HEARTBEAT)
    return (
        any(number > 0 for numbers in told for number in numbers)
        or (v.integer(get("CardiacNumberOfImages")) or 0) > 1
        or not _GATED.isdisjoint(v.parts(get("ScanOptions")))
        or v.ascii_text(get("CardiacSynchronizationTechnique")) in _SYNCHRONIZED
    )
