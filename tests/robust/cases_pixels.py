"""200 to 233: what the header says of pixels and values, and uncompressed colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from medviewer.imaging.volume import Unit
from medviewer.imaging.window import VoiFunction
from tests.robust.case import HU, OK, RAMP, REJECT, WARN, Case, Check, Opened, good, holds, raw
from tests.robust.seeds import palette, value_table

STORED = RAMP[None]
INDICES = np.arange(16 * 12, dtype=np.uint8).reshape(16, 12)
CONTRADICTORY = "CONTRADICTORY_PIXELS"


def _twelve_bits(**changes: object) -> Dataset:
    """Values of 12 bits with rubbish in the four bits above them."""
    ds = good(BitsStored=12, HighBit=11, PixelRepresentation=0, **changes)
    ds.PixelData = (INDICES.astype("<u2") | 0xF000).tobytes()
    return ds


def _padded(vr: str = "SS", limit: int | None = None) -> Dataset:
    values = RAMP.copy()
    values[0] = -2000
    ds = good(PixelData=values.astype("<i2").tobytes())
    raw(ds, "PixelPaddingValue", vr, -2000 if vr == "SS" else -2000 & 0xFFFF)
    return ds if limit is None else raw(ds, "PixelPaddingRangeLimit", vr, limit)


def _padding(low: float, high: float) -> Check:
    def check(seen: Opened) -> None:
        assert seen.volume.padding == (low, high)
        assert seen.volume.voxels[0, 0, 0] == -3024
        np.testing.assert_array_equal(seen.volume.voxels[0, 1:], HU[0, 1:])

    return check


def _stored_only(seen: Opened) -> None:
    """Neither HU nor a rescale: the stored values."""
    np.testing.assert_array_equal(seen.volume.voxels, STORED)
    assert seen.only.unit is Unit.RAW


def _inverted(seen: Opened) -> None:
    """White is low on the screen; the values are what was stored."""
    np.testing.assert_array_equal(seen.volume.voxels, HU)
    assert all(w.invert for w in seen.only.instances[0].windows)


def _byte_image(ds: Dataset) -> Dataset:
    ds.Rows, ds.Columns, ds.PixelData = 16, 12, INDICES.tobytes()
    return ds


def _voi_lut() -> Dataset:
    ds, item = good(), Dataset()
    item.add_new("LUTDescriptor", "US", [256, 0, 8])
    item.add_new("LUTData", "OW", bytes(range(256)))
    ds.VOILUTSequence = Sequence([item])
    return ds


def _windows(*expected: tuple[float, float, VoiFunction]) -> Check:
    def check(seen: Opened) -> None:
        np.testing.assert_array_equal(seen.volume.voxels, HU)
        found = [(w.centre, w.width, w.function) for w in seen.only.instances[0].windows]
        assert found == list(expected)

    return check


def _palette_of(entries: int, told: int, first: int = 0) -> Dataset:
    ds = _byte_image(palette())
    for k, name in enumerate(("Red", "Green", "Blue")):
        table = ((np.arange(entries) * (k + 1)) % 256 * 257).astype("<u2")
        ds[f"{name}PaletteColorLookupTableDescriptor"].value = [told, first, 16]
        ds[f"{name}PaletteColorLookupTableData"].value = table.tobytes()
    return ds


def _coloured(last: int) -> NDArray[np.uint8]:
    index = np.minimum(INDICES, last).astype(np.int64)
    return np.stack([index * (k + 1) % 256 for k in range(3)], -1)[None].astype(np.uint8)


RGB = np.stack([INDICES, 255 - INDICES, INDICES // 2], -1)


def _colour(photometric: str, pixels: bytes, planar: int = 0) -> Dataset:
    ds = good(BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0)
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, photometric, planar
    ds.PixelData = pixels
    return ds


def _grey_ybr(samples: int) -> bytes:
    """Grey in YBR: luminance is the index, both differences are 128."""
    flat = INDICES.reshape(-1)
    if samples == 3:
        return np.stack([flat, *2 * [np.full_like(flat, 128)]], -1).tobytes()
    pairs = flat.reshape(-1, 2)
    return np.concatenate([pairs, np.full_like(pairs, 128)], 1).tobytes()


_GREY = np.repeat(INDICES[None, ..., None], 3, -1)
LINEAR = VoiFunction.LINEAR

CASES = [
    Case("200", "65,535 x 65,535 pixels", REJECT, lambda f: good(Rows=65535, Columns=65535), "size"),
    Case("201", "2^31 - 1 frames", REJECT, lambda f: good(NumberOfFrames=2**31 - 1),
         "number of frames|shorter"),
    Case("202", "no rows", REJECT, lambda f: good(Rows=0), "size"),
    Case("203", "pixels too short", REJECT, lambda f: good(PixelData=bytes(100)), "shorter"),
    Case("204", "pixels too long", WARN, lambda f: good(PixelData=RAMP.tobytes() + b"\7" * 1000),
         CONTRADICTORY, holds()),
    Case("205", "more bits stored than allocated", REJECT, lambda f: good(BitsStored=17), "bits"),
    Case("206", "high bit contradicts", WARN, lambda f: good(HighBit=12), CONTRADICTORY,
         lambda s: s.only.unit is Unit.RAW),
    Case("207", "rubbish above the stored bits", OK, lambda f: _twelve_bits(),
         check=holds(INDICES[None].astype(np.int32) - 1024)),
    Case("208", "padding", OK, lambda f: _padded(), check=_padding(-3024, -3024)),
    Case("209", "padding with a range", OK, lambda f: _padded(limit=-1900), check=_padding(-3024, -2924)),
    Case("210", "padding under the wrong VR", OK, lambda f: _padded("US"), check=_padding(-3024, -3024)),
    Case("211", "MONOCHROME1", OK, lambda f: good(PhotometricInterpretation="MONOCHROME1"), check=_inverted),
    Case("212", "slope 0", WARN, lambda f: good(RescaleSlope=0), "INVALID_RESCALE", _stored_only),
    Case("213", "slope that is no number", WARN, lambda f: raw(good(), "RescaleSlope", "LO", "NaN"),
         "INVALID_RESCALE", _stored_only),
    Case("214", "Modality LUT", OK, lambda f: _byte_image(value_table()),
         check=holds(INDICES[None].astype(np.float32) * 3)),
    Case("215", "VOI LUT: values stay", OK, lambda f: _voi_lut(), check=holds()),
    Case("216", "sigmoid window", OK,
         lambda f: good(WindowCenter=40, WindowWidth=400, VOILUTFunction="SIGMOID"),
         check=_windows((40, 400, VoiFunction.SIGMOID))),
    Case("217", "window of width 0", OK, lambda f: good(WindowCenter=40, WindowWidth=0), check=_windows()),
    Case("218", "exact window of width 0.5", OK,
         lambda f: good(WindowCenter=40, WindowWidth=0.5, VOILUTFunction="LINEAR_EXACT"),
         check=_windows((40, 0.5, VoiFunction.LINEAR_EXACT))),
    Case("219", "three windows", OK, lambda f: good(WindowCenter=[1, 2, 3], WindowWidth=[10, 20, 30]),
         check=_windows((1, 10, LINEAR), (2, 20, LINEAR), (3, 30, LINEAR))),
    Case("220", "two centres, one width", OK, lambda f: good(WindowCenter=[1, 2], WindowWidth=10),
         check=_windows((1, 10, LINEAR))),
    Case("221", "palette of 16 bits", OK, lambda f: _palette_of(256, 256), check=holds(_coloured(255))),
    Case("222", "palette shorter than told", REJECT, lambda f: _palette_of(50, 256), "shorter than it says"),
    Case("223", "index beyond the palette", OK, lambda f: _palette_of(100, 100), check=holds(_coloured(99))),
    Case("230", "RGB by pixel", OK, lambda f: _colour("RGB", RGB.tobytes()), check=holds(RGB[None])),
    Case("231", "RGB by plane", OK, lambda f: _colour("RGB", np.moveaxis(RGB, -1, 0).tobytes(), 1),
         check=holds(RGB[None])),
    Case("232", "YBR_FULL", OK, lambda f: _colour("YBR_FULL", _grey_ybr(3)), check=holds(_GREY)),
    Case("233", "YBR_FULL_422, two bytes a pixel", OK, lambda f: _colour("YBR_FULL_422", _grey_ybr(2)),
         check=holds(_GREY)),
]  # fmt: skip
