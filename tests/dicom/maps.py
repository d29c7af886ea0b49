"""Parametric maps for tests, written by highdicom: another library's idea of the format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from highdicom import VOILUTTransformation
from highdicom.pm import ParametricMap, RealWorldValueMapping
from numpy.typing import NDArray
from pydicom.sr.coding import Code

from tests.factories import make_instance

ADC = Code("113041", "DCM", "Apparent Diffusion Coefficient")
MM2_S = Code("mm2/s", "UCUM", "square millimeter per second")


def mapping(
    value_range: tuple[float, float], *, unit: Code = MM2_S, quantity: Code = ADC, **rule: Any
) -> RealWorldValueMapping:
    """``rule``: slope and intercept, or lut_data."""
    return RealWorldValueMapping("ADC", "ADC", unit, value_range, quantity_definition=quantity, **rule)


def write_map(
    path: Path,
    values: NDArray[Any],
    mappings: Sequence[Any],
    window: tuple[float, float] = (100.0, 200.0),
) -> Path:
    """A parametric map of ``values`` (frames, rows, columns) on as many CT slices of the test patient."""
    frames, rows, columns = values.shape
    sources = [make_instance(k, rows=rows, columns=columns) for k in range(frames)]
    made = ParametricMap(
        sources,
        values,
        "1.2.3.30",
        30,
        "1.2.3.30.1",
        1,
        "Maker",
        "Model",
        "1",
        "1",
        False,
        mappings,
        voi_lut_transformations=[VOILUTTransformation(*window)],
        content_label="ADC",
        transfer_syntax_uid="1.2.840.10008.1.2.1",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path)
    return path


def truth(path: Path, mappings: Sequence[RealWorldValueMapping]) -> NDArray[np.float64]:
    """Real-world values (frames, rows, columns): stored ones by pydicom, mapped by highdicom, by one mapping
    for all frames or one for each."""
    ds = pydicom.dcmread(path)
    frames = ds.pixel_array.reshape(-1, ds.Rows, ds.Columns)
    frames = frames.astype(np.float64) if frames.dtype.kind == "f" else frames
    each = list(mappings) if len(mappings) == len(frames) else [mappings[0]] * len(frames)
    return np.stack([m.apply(frame) for frame, m in zip(frames, each, strict=True)]).astype(np.float64)
