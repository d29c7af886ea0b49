"""``medviewer render`` and ``demo``: the picture of the window, pixel for pixel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medviewer.commands.render import window_of
from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.errors import UsageError
from medviewer.imaging.colour_map import COLOUR_MAPS
from medviewer.imaging.render import apply_window
from medviewer.imaging.window import Window
from medviewer.training.demo import DemoStudy
from tests.dicom.maps import mapping, write_map
from tests.dicom.presentations import add_plane, make_projection
from tests.factories import make_instance, save
from tests.program import call


def picture(path: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    with Image.open(path) as image:
        return np.asarray(image)


def test_that_a_picture_is_the_windowed_slice_pixel_for_pixel(chest: DemoStudy, tmp_path: Path) -> None:
    out = tmp_path / "o.png"
    assert call("render", chest.series_folder, "--index", 7, "--window", "1500/-600", "-o", out) == 0
    volume = load_series(scan([chest.series_folder]).all_series()[0])
    expected = apply_window(volume.voxels[7], Window(-600, 1500))
    assert np.array_equal(picture(out), np.repeat(expected[..., None], 3, axis=2))


def test_that_planes_have_the_shape_of_the_volume(series: Path, tmp_path: Path) -> None:
    for plane, shape in (("axial", (16, 12)), ("coronal", (10, 12)), ("sagittal", (10, 16))):
        assert call("render", series, "--plane", plane, "--window", "auto", "-o", tmp_path / "o.png") == 0
        assert picture(tmp_path / "o.png").shape == (*shape, 3)


def test_that_annotations_enlarge_the_picture_in_true_proportions(series: Path, tmp_path: Path) -> None:
    for plane in ("native", "coronal"):
        assert call("render", series, "--plane", plane, "--annotate", "-o", tmp_path / f"{plane}.png") == 0
    assert picture(tmp_path / "native.png").shape == (1024, round(1024 * 6 / 12.8), 3)
    assert picture(tmp_path / "coronal.png").shape == (1024, round(1024 * 6 / 20), 3)


def test_that_annotations_show_overlay_planes_on_their_pixels(tmp_path: Path) -> None:
    bits = np.zeros((4, 6), bool)
    bits[2, 3] = True
    path = save(add_plane(make_projection(rows=64, columns=96), bits, (30, 40)), tmp_path / "a.dcm")
    assert call("render", path, "--annotate", "-o", tmp_path / "o.png") == 0
    made = picture(tmp_path / "o.png")
    grey = (made == (0xD0, 0xD5, 0xDB)).all(axis=2)
    rows, columns = np.flatnonzero(grey.any(axis=1)), np.flatnonzero(grey.any(axis=0))
    down, across = made.shape[0] / 64, made.shape[1] / 96
    assert (rows.min(), rows.max() + 1) == pytest.approx((31 * down, 32 * down), abs=1)
    assert (columns.min(), columns.max() + 1) == pytest.approx((42 * across, 43 * across), abs=1)
    assert call("render", path, "-o", tmp_path / "bare.png") == 0
    assert not (picture(tmp_path / "bare.png") == (0xD0, 0xD5, 0xDB)).all(axis=2).any()


def test_that_an_overlay_colours_its_voxels_only(chest: DemoStudy, tmp_path: Path) -> None:
    words = ["render", chest.series_folder, "--index", 12, "--window", "lung"]
    assert call(*words, "-o", tmp_path / "plain.png") == 0
    assert call(*words, "--overlay", chest.truth_seg, "-o", tmp_path / "over.png") == 0
    plain, over = picture(tmp_path / "plain.png"), picture(tmp_path / "over.png")
    changed = (plain != over).any(axis=-1)
    assert 0.05 < changed.mean() < 0.6
    assert (plain[..., 0] == plain[..., 2]).all()


def test_that_a_window_is_width_and_centre_a_preset_or_auto() -> None:
    assert window_of("400/40") == Window(40, 400)
    assert window_of("1500/\u2212600") == Window(-600, 1500)
    assert window_of("auto") is None
    lung = window_of("LUNG")
    assert lung is not None
    assert (lung.centre, lung.width) == (-600, 1500)
    for wrong in ("400", "a/b", "0/40", "lungs!"):
        with pytest.raises(UsageError, match="is not understood"):
            window_of(wrong)


def test_that_a_picture_that_cannot_be_is_told(series: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.png"
    assert call("render", series, "--index", 10, "-o", out) == 2
    assert call("render", series, "--series", "1.2.3", "-o", out) == 2
    assert call("render", series, "--window", "nonsense", "-o", out) == 2
    assert call("render", save(make_instance(), tmp_path / "one.dcm"), "--plane", "coronal", "-o", out) == 3
    assert call("render", series, "--overlay", series / "000-0000.dcm", "-o", out) == 3
    assert not out.exists()


def test_that_a_picture_that_cannot_be_written_is_status_7(
    series: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("render", "-q", series, "-o", tmp_path / "no" / "o.png") == 7
    expected = "error: This folder does not exist: nothing was written. Choose another folder.\n"
    assert capsys.readouterr().err == expected


def test_that_colours_lie_over_the_greys_and_the_bar_beside_them(series: Path, tmp_path: Path) -> None:
    words = ["render", series, "--index", 3, "--window", "400/-900"]
    assert call(*words, "-o", tmp_path / "grey.png") == 0
    assert call(*words, "--colours", "hot-iron", "-o", tmp_path / "hot.png") == 0
    table = COLOUR_MAPS["hot_iron"].table
    np.testing.assert_array_equal(
        picture(tmp_path / "hot.png"), table[picture(tmp_path / "grey.png")[..., 0]]
    )
    assert call(*words, "--colours", "hot-iron", "--annotate", "-o", tmp_path / "bar.png") == 0
    shown = {tuple(c) for c in picture(tmp_path / "bar.png").reshape(-1, 3).tolist()}
    assert sum(tuple(c) in shown for c in table.tolist()) > 200
    assert call(*words, "--colours", "hot-irn", "-o", tmp_path / "x.png") == 2


def test_that_a_parametric_map_is_coloured_by_itself(tmp_path: Path) -> None:
    values = np.linspace(0, 255, 2 * 64, dtype=np.float32).reshape(2, 8, 8)
    write_map(tmp_path / "in" / "a.dcm", values, [mapping((0.0, 255.0), slope=1.0, intercept=0.0)])
    assert call("render", tmp_path / "in", "-o", tmp_path / "o.png") == 0
    table = {tuple(c) for c in COLOUR_MAPS["viridis"].table.tolist()}
    assert {tuple(c) for c in picture(tmp_path / "o.png").reshape(-1, 3).tolist()} <= table
    assert call("render", tmp_path / "in", "--colours", "grey", "-o", tmp_path / "g.png") == 0
    grey = picture(tmp_path / "g.png")
    assert (grey[..., 0] == grey[..., 2]).all()
