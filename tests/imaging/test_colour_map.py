"""Colour maps are the published ones; the bar says what the renderer paints."""

from __future__ import annotations

import math

import numpy as np
import pydicom
import pytest
from pydicom.data import get_palette_files

from medviewer.imaging.colour_bar import bar_of, colour_bar, span
from medviewer.imaging.colour_map import COLOUR_MAPS, GREY, colour_map_id, coloured, load_colour_maps
from medviewer.imaging.draw import Corners, annotate
from medviewer.imaging.render import apply_window, render, shades
from medviewer.imaging.reslice import PlaneView
from medviewer.imaging.volume import Volume
from medviewer.imaging.window import VoiFunction, Window

ALL = list(COLOUR_MAPS)


@pytest.mark.parametrize(
    ("name", "file"), [("hot_iron", "hotiron"), ("pet", "pet"), ("hot_metal_blue", "hotmetalblue")]
)
def test_that_the_standard_palettes_are_those_of_pydicom(name: str, file: str) -> None:
    ds = pydicom.dcmread(get_palette_files(f"{file}.dcm")[0], force=True)
    for k, colour in enumerate(("Red", "Green", "Blue")):
        data = np.frombuffer(ds[f"{colour}PaletteColorLookupTableData"].value, np.uint8)
        np.testing.assert_array_equal(COLOUR_MAPS[name].table[:, k], data)


@pytest.mark.parametrize("name", ["viridis", "inferno"])
def test_that_the_others_are_those_of_matplotlib(name: str) -> None:
    import pyqtgraph

    published = pyqtgraph.colormap.get(name).getLookupTable(nPts=256, alpha=False)
    assert np.abs(COLOUR_MAPS[name].table.astype(int) - published).max() <= 1


@pytest.mark.parametrize("name", ["viridis", "inferno"])
def test_that_perceptual_maps_only_get_lighter(name: str) -> None:
    linear = (COLOUR_MAPS[name].table / 255.0) ** 2.2
    lightness = np.cbrt(linear @ np.array([0.2126, 0.7152, 0.0722]))
    assert (np.diff(lightness) > -1e-3).all()


@pytest.mark.parametrize("name", ALL)
def test_that_shades_are_the_colours_of_the_greys(name: str) -> None:
    ramp = np.arange(-200, 300, dtype=np.int16).reshape(20, 25)
    window = Window(40.0, 400.0, colours=name)
    np.testing.assert_array_equal(shades(ramp, window), coloured(apply_window(ramp, window), name))
    assert shades(ramp, window).shape == (20, 25, 3)


def test_that_no_number_is_black_in_every_map() -> None:
    values = np.array([np.nan, 0.0, 1.0], np.float32)
    for name in ALL:
        shown = shades(values, Window(0.5, 1.0, VoiFunction.LINEAR_EXACT, colours=name))
        assert tuple(shown[0]) == (0, 0, 0)


def test_that_the_renderer_paints_in_colours() -> None:
    volume = Volume(np.arange(60, dtype=np.int16).reshape(1, 6, 10), None)
    window = Window(30.0, 60.0, colours="hot_iron")
    picture = render(volume, PlaneView.of(volume), 0, window)
    np.testing.assert_array_equal(picture, shades(volume.voxels[0], window))


@pytest.mark.parametrize(
    "window",
    [
        Window(40.0, 400.0, colours="pet"),
        Window(0.001, 0.002, VoiFunction.LINEAR_EXACT, colours="viridis"),
        Window(3.0, 6.0, VoiFunction.LINEAR_EXACT, invert=True, colours="inferno"),
        Window(100.0, 50.0, VoiFunction.SIGMOID, colours="hot_iron"),
    ],
)
def test_that_the_bar_holds_the_colour_of_every_value(window: Window) -> None:
    bar = colour_bar(window)
    low, high = span(window)
    values = np.linspace(low, high, 77)
    rows = np.rint((high - values) / (high - low) * 255).astype(int)
    away = np.abs(bar.colours[rows].astype(int) - shades(values, window).astype(int))
    assert away.max() <= 12  # half a row of the bar


def test_that_ticks_stand_at_their_values() -> None:
    bar = colour_bar(Window(3.0, 6.0, VoiFunction.LINEAR_EXACT, colours="pet"), "SUVbw", "g/mL")
    assert bar.title == "SUVbw, g/mL"
    assert [text for _, text in bar.ticks] == ["0", "2", "4", "6"]
    assert [place for place, _ in bar.ticks] == pytest.approx([1, 2 / 3, 1 / 3, 0])


def test_that_long_numbers_are_told_as_powers_of_ten() -> None:
    bar = colour_bar(Window(0.001, 0.002, VoiFunction.LINEAR_EXACT, colours="viridis"), "ADC", "mm²/s")
    assert bar.title == "ADC, ×10⁻³ mm²/s"
    assert [text for _, text in bar.ticks] == ["0.0", "0.5", "1.0", "1.5", "2.0"]


def test_that_negative_ticks_have_a_true_minus() -> None:
    texts = [text for _, text in colour_bar(Window(0.5, 401.0, colours="pet")).ticks]
    assert texts == ["−200", "−100", "0", "100", "200"]


@pytest.mark.parametrize("width", [1e-12, 1e-6, 0.3, 1.0, 7.0, 1e9])
@pytest.mark.parametrize("centre", [0.0, -1e-3, 5.0, 1e12])
def test_that_every_window_has_a_bar(centre: float, width: float) -> None:
    bar = colour_bar(Window(centre, width, VoiFunction.LINEAR_EXACT, colours="viridis"))
    assert len(bar.ticks) <= 11
    assert all(-1e-6 <= place <= 1 + 1e-6 and math.isfinite(place) for place, _ in bar.ticks)


def test_that_grey_has_no_bar() -> None:
    volume = Volume(np.zeros((1, 4, 4), np.int16), None)
    assert bar_of(volume, Window(40.0, 400.0)) is None
    assert bar_of(volume, None) is None
    assert bar_of(volume, Window(40.0, 400.0, colours="pet")) is not None


def test_that_the_bar_is_drawn_on_files() -> None:
    rgb = np.zeros((300, 400, 3), np.uint8)
    window = Window(40.0, 400.0, colours="viridis")
    drawn = annotate(rgb, Corners(), None, None, bar=colour_bar(window))
    inside = {tuple(c) for c in drawn.reshape(-1, 3).tolist()}
    lit = [tuple(c) for c in COLOUR_MAPS["viridis"].table[10:250].tolist()]
    assert sum(c in inside for c in lit) > 100


def test_that_names_are_understood() -> None:
    assert colour_map_id("Hot-Iron") == "hot_iron"
    assert colour_map_id("grey") == GREY
    with pytest.raises(ValueError, match="did you mean 'viridis'"):
        colour_map_id("virids")


def test_that_a_file_that_is_no_table_is_refused(tmp_path) -> None:
    (tmp_path / "a.json").write_text('{"schema": "medviewer.colours/1", "maps": {"x": {"colours": ["00"]}}}')
    with pytest.raises(ValueError, match=r"a\.json is not a table of colour maps"):
        load_colour_maps(tmp_path / "a.json")
