"""How images were made, as their header says; and how fast a film of them runs (PS3.3 C.7.6.5, C.7.6.6)."""

from __future__ import annotations

from collections.abc import Mapping

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
