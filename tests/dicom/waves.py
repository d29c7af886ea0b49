"""Waveform objects for tests: sine waves whose every sample is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from tests.factories import coded, make_instance, save

KINDS = {"SB": "i1", "UB": "u1", "SS": "<i2", "US": "<u2", "SL": "<i4", "UL": "<u4", "SV": "<i8", "UV": "<u8"}


def channel(name: str, unit: str = "uV", sensitivity: str = "1", **facts: Any) -> Dataset:
    ds = Dataset()
    ds.ChannelSourceSequence = coded("1", name, "99T")
    ds.ChannelSensitivity, ds.ChannelSensitivityUnitsSequence = sensitivity, coded(unit, unit, "UCUM")
    ds.ChannelSensitivityCorrectionFactor, ds.ChannelBaseline, ds.WaveformBitsStored = "1", "0", 16
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    return ds


def group(stored: NDArray[Any], kind: str = "SS", rate: str = "500", *channels: Dataset) -> Dataset:
    """``stored``: (samples, channels)."""
    ds = Dataset()
    samples, count = stored.shape
    ds.WaveformOriginality, ds.MultiplexGroupLabel = "ORIGINAL", "RHYTHM"
    ds.NumberOfWaveformChannels, ds.NumberOfWaveformSamples, ds.SamplingFrequency = count, samples, rate
    ds.ChannelDefinitionSequence = Sequence(channels or [channel(f"Lead {k + 1}") for k in range(count)])
    data = stored.astype(KINDS[kind])
    ds.WaveformBitsAllocated, ds.WaveformSampleInterpretation = data.dtype.itemsize * 8, kind
    raw = data.tobytes()
    ds.WaveformData = raw + b"\0" * (len(raw) % 2)
    ds["WaveformData"].VR = "OB" if data.dtype.itemsize == 1 else "OW"
    return ds


def sines(samples: int = 1000, channels: int = 2, amplitude: float = 100.0) -> NDArray[np.float64]:
    """Channel k beats k + 1 times a second at 500 samples a second."""
    seconds = np.arange(samples)[:, None] / 500.0
    return np.rint(amplitude * np.sin(2 * np.pi * seconds * (1 + np.arange(channels)))).astype(np.float64)


def write_waveform(
    path: Path, *groups: Dataset, ending: str = "9.1.1", tweak: Callable[[Dataset], None] | None = None
) -> Path:
    ds = make_instance(600)
    for keyword in ("PixelData", "Rows", "Columns"):
        delattr(ds, keyword)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1." + ending)
    ds.SeriesInstanceUID, ds.SeriesNumber, ds.Modality = "1.2.3.9", 9, "ECG"
    ds.WaveformSequence = Sequence(groups)
    if tweak is not None:
        tweak(ds)
    return save(ds, path)
