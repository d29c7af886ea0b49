"""Windowing equals PS3.3 C.11.2.1.2 and C.11.2.1.3 on every value, to the last grey level."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_voi_lut

from medviewer.imaging.render import apply_window, auto_window
from medviewer.imaging.volume import Volume
from medviewer.imaging.window import VoiFunction, Window

RAMP = np.arange(4096, dtype=np.int16) - 1024
WINDOWS = [(40.0, 400.0), (-600.0, 1500.0), (40.0, 80.0), (0.5, 1.0), (1023.25, 4096.0)]
FUNCTIONS = list(VoiFunction)


def by_the_standard(x: float, centre: float, width: float, function: VoiFunction) -> int:
    """One value, straight from the pseudo-code of the standard; output range 0 to 255, nearest level."""
    low, high = 0.0, 255.0
    if function is VoiFunction.SIGMOID:
        power = -4 * (x - centre) / width
        y = (high - low) / (1 + math.exp(power)) + low if power < 700 else low
    elif function is VoiFunction.LINEAR_EXACT:
        if x <= centre - width / 2:
            y = low
        elif x > centre + width / 2:
            y = high
        else:
            y = ((x - centre) / width + 0.5) * (high - low) + low
    elif x <= centre - 0.5 - (width - 1) / 2:
        y = low
    elif x > centre - 0.5 + (width - 1) / 2:
        y = high
    else:
        y = ((x - (centre - 0.5)) / (width - 1) + 0.5) * (high - low) + low
    return math.floor(y + 0.5)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("centre", "width"), WINDOWS)
@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.int32])
def test_that_every_value_of_a_12_bit_ramp_gets_the_level_of_the_standard(centre, width, function, dtype):
    expected = [by_the_standard(float(x), centre, width, function) for x in RAMP]
    got = apply_window(RAMP.astype(dtype), Window(centre, width, function))
    assert got.dtype == np.uint8
    assert got.tolist() == expected


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("centre", "width"), WINDOWS)
def test_that_pydicom_agrees(centre, width, function):
    header = Dataset()
    header.PhotometricInterpretation, header.BitsStored = "MONOCHROME2", 12
    header.PixelRepresentation = 1
    header.RescaleSlope, header.RescaleIntercept = 1, 0
    header.WindowCenter, header.WindowWidth, header.VOILUTFunction = centre, width, str(function)
    with np.errstate(over="ignore"):
        theirs = np.asarray(apply_voi_lut(RAMP, header))
    # Their output spans -2048..2047 (4095 steps); ours 0..255.
    levels = (theirs.astype(np.float64) + 2048) / 4095 * 255
    assert np.abs(apply_window(RAMP, Window(centre, width, function)) - levels).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("function", FUNCTIONS)
def test_that_inverting_turns_each_level_over(function):
    plain = apply_window(RAMP, Window(40, 400, function))
    turned = apply_window(RAMP, Window(40, 400, function, invert=True))
    assert (turned == 255 - plain).all()


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, ">i2"])
def test_that_the_table_and_the_formula_give_the_same(dtype):
    info = np.iinfo(np.dtype(dtype))
    values = np.linspace(info.min, info.max, 5000).astype(dtype)
    window = Window(info.max / 3, info.max / 2)
    assert (apply_window(values, window) == apply_window(values.astype(np.float64), window)).all()


@pytest.mark.parametrize("value", [70_000.0, -32_769.0, 0.5, 1e9])
def test_that_what_no_table_holds_goes_by_the_formula(value):
    window = Window(value, 1000, VoiFunction.LINEAR_EXACT)
    assert apply_window(np.array([value, 0.0]), window)[0] == 128


def test_that_strided_views_are_windowed_as_they_lie():
    volume = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    view = volume.transpose(2, 0, 1)[::-1, :, ::-1]
    window = Window(60, 100)
    assert (apply_window(view, window) == apply_window(view.astype(float), window)).all()


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("invert", [False, True])
def test_that_nan_is_black_and_infinities_are_the_ends(function, invert):
    values = np.array([np.nan, -np.inf, np.inf])
    ends = [255, 0] if invert else [0, 255]
    assert apply_window(values, Window(0, 10, function, invert)).tolist() == [0, *ends]


@pytest.mark.parametrize(("width", "function"), [(0.5, VoiFunction.LINEAR), (0, VoiFunction.SIGMOID)])
def test_that_a_width_the_standard_forbids_is_refused(width, function):
    with pytest.raises(ValueError, match="not allowed"):
        Window(0, width, function)


class TestAutoWindow:
    def test_that_a_constant_image_is_mid_grey(self):
        for value in (-1000, 0, 7):
            volume = Volume(np.full((3, 8, 8), value, np.int16), None)
            assert (apply_window(volume.voxels, auto_window(volume)) == 128).all()

    def test_that_a_constant_float_image_is_mid_grey(self):
        volume = Volume(np.full((2, 4, 4), 1e-7, np.float32), None)
        assert (apply_window(volume.voxels, auto_window(volume)) == 128).all()

    def test_that_a_small_float_range_is_spread_over_all_levels(self):
        volume = Volume(np.linspace(0, 1e-3, 10_000).reshape(1, 100, 100), None)
        levels = apply_window(volume.voxels, auto_window(volume))
        assert levels.min() == 0
        assert levels.max() == 255
        assert levels.mean() == pytest.approx(127.5, abs=0.5)

    def test_that_padding_and_nan_have_no_say(self):
        voxels = np.linspace(0, 100, 4096).reshape(1, 64, 64)
        voxels[0, :32] = -2000
        voxels[0, 32, :] = np.nan
        window = auto_window(Volume(voxels, None, padding=(-2000, -2000)))
        assert window.centre - window.width / 2 >= 50

    def test_that_one_slice_can_be_asked_for(self):
        voxels = np.stack([np.full((8, 8), 0), np.arange(64).reshape(8, 8)]).astype(np.int16)
        assert auto_window(Volume(voxels, None), 1).width > 50

    def test_that_an_image_of_nothing_but_padding_still_has_a_window(self):
        volume = Volume(np.full((1, 4, 4), -2000, np.int16), None, padding=(-2000, -2000))
        assert auto_window(volume).width == 1

    def test_that_colour_passes_unchanged(self):
        volume = Volume(np.arange(256 * 3, dtype=np.uint8).reshape(1, 16, 16, 3), None)
        assert (apply_window(volume.voxels, auto_window(volume)) == volume.voxels).all()
