"""Pictures: the overlay never shifts, whatever the plane, the flip and the zoom; colours are exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medviewer.imaging.overlay import edge, hatch_of, outline_segments, rgb_of
from medviewer.imaging.render import (
    PALETTE,
    OverlayStyle,
    apply_window,
    compose,
    display_size,
    overlay_rgba,
    render,
)
from medviewer.imaging.reslice import Plane, PlaneView
from medviewer.imaging.volume import Mask, Volume
from medviewer.imaging.window import Window
from tests.imaging.test_reslice import HEAD_FIRST, SHAPE, geometry, rotation

BLACK = Window(1e6, 10)
SOLID = OverlayStyle(fill=1.0, outline=1.0, hatch=False)
voxels_of = st.tuples(*(st.integers(0, n - 1) for n in SHAPE))


@given(st.integers(0, 10_000), st.sampled_from(list(Plane)), voxels_of, st.integers(1, 4))
@settings(deadline=None)
def test_that_a_one_voxel_mask_lands_on_its_voxel_in_every_plane_and_zoom(seed, plane, voxel, zoom):
    known = geometry(rotation(seed))
    inside = np.zeros(SHAPE, bool)
    inside[voxel] = True
    view = PlaneView(SHAPE, known, plane)
    volume = Volume(np.zeros(SHAPE, np.int16), known)
    index, row, col = (int(x) for x in view.from_voxel(*voxel))
    size = (view.shape[0] * zoom, view.shape[1] * zoom)
    layers = [(Mask.from_full(1, "m", inside, known), PALETTE[0])]
    picture = render(volume, view, index, BLACK, layers, style=SOLID, size=size)
    lit = np.argwhere(picture.any(axis=2))
    assert lit.min(axis=0).tolist() == [row * zoom, col * zoom]
    assert lit.max(axis=0).tolist() == [row * zoom + zoom - 1, col * zoom + zoom - 1]
    # And the place in the patient under that pixel is the voxel's own.
    there = known.position(view.to_voxel(index, lit[:, 0].mean() / zoom - (zoom - 1) / 2 / zoom,
                                         lit[:, 1].mean() / zoom - (zoom - 1) / 2 / zoom))  # fmt: skip
    assert there == pytest.approx(known.position(voxel), abs=1e-9)
    for other in set(range(view.count)) - {index}:
        assert not render(volume, view, other, BLACK, layers, style=SOLID).any()


def test_that_a_bright_voxel_and_its_mask_stay_together_when_enlarged():
    voxels = np.full(SHAPE, -1000, np.int16)
    voxels[2, 3, 4] = 1000
    view = PlaneView(SHAPE, HEAD_FIRST, Plane.CORONAL)
    picture = render(Volume(voxels, HEAD_FIRST), view, 3, Window(0, 2000), size=(50, 90))[..., 0].astype(
        float
    )
    rows, columns = np.mgrid[:50, :90] + 0.5
    assert (picture * rows).sum() / picture.sum() == pytest.approx(25, abs=0.01)
    assert (picture * columns).sum() / picture.sum() == pytest.approx(45, abs=0.01)


def test_that_a_picture_without_overlay_is_the_window_and_nothing_else():
    voxels = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    view, window = PlaneView(SHAPE, HEAD_FIRST, Plane.SAGITTAL), Window(150, 200)
    picture = render(Volume(voxels, HEAD_FIRST), view, 2, window)
    grey = apply_window(view.extract(voxels, 2), window)
    assert (picture == grey[..., None]).all()


def test_that_colour_images_pass_unchanged():
    voxels = np.random.default_rng(1).integers(0, 256, (2, 6, 5, 3)).astype(np.uint8)
    volume = Volume(voxels, None)
    assert (render(volume, PlaneView(volume.shape, None), 1, None) == voxels[1]).all()


def test_that_without_a_window_one_is_found():
    volume = Volume(np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE), None)
    picture = render(volume, PlaneView(SHAPE, None), 2, None)
    assert 100 < picture.mean() < 155


def test_that_true_proportions_follow_the_spacing():
    view = PlaneView((64, 512, 512), geometry(HEAD_FIRST.directions, (5.0, 0.8, 0.8)), Plane.CORONAL)
    assert display_size(view, 1024) == (800, 1024)
    assert display_size(PlaneView((3, 10, 20), None), 40) == (20, 40)


class TestOverlay:
    MASK = np.zeros((20, 30), bool)
    MASK[4:16, 5:25] = True

    def test_that_fill_and_outline_have_the_opacity_asked_for(self):
        rgba = overlay_rgba([(self.MASK, PALETTE[1])], OverlayStyle(fill=0.28, outline=1.0, hatch=False))
        assert (rgba[~self.MASK] == 0).all()
        assert (rgba[edge(self.MASK)] == (*rgb_of(PALETTE[1]), 255)).all()
        inner = self.MASK & ~edge(self.MASK)
        assert (rgba[inner] == (*rgb_of(PALETTE[1]), 71)).all()

    def test_that_without_outline_the_edge_is_filled_like_the_rest(self):
        rgba = overlay_rgba([(self.MASK, PALETTE[1])], OverlayStyle(outline=0.0, hatch=False))
        assert (rgba[self.MASK][:, 3] == 71).all()

    def test_that_neighbouring_labels_differ_by_hatch_as_well_as_colour(self):
        alphas = [overlay_rgba([(self.MASK, c)], OverlayStyle())[..., 3] for c in PALETTE]
        for first in range(len(alphas)):
            for second in range(first):
                assert (alphas[first] != alphas[second]).any()

    def test_that_a_colour_outside_the_palette_is_allowed(self):
        assert hatch_of("#123456") == hatch_of("#123456")
        assert len({hatch_of(f"#{value:06X}") for value in range(0x100000, 0x100010)}) > 3
        assert hatch_of(PALETTE[3].lower()) == 3
        with pytest.raises(ValueError, match="colour"):
            rgb_of("blue")

    def test_that_overlapping_labels_both_show(self):
        style = OverlayStyle(fill=0.5, outline=0, hatch=False)
        both = overlay_rgba([(self.MASK, "#FF0000"), (self.MASK, "#0000FF")], style)[10, 10]
        assert both[3] == pytest.approx(255 * 0.75, abs=1.5)
        assert both[2] > both[0] > 60

    def test_that_an_empty_mask_paints_nothing(self):
        assert not overlay_rgba([(np.zeros((4, 4), bool), PALETTE[0])], OverlayStyle()).any()

    def test_that_unlike_shapes_and_no_layers_are_refused(self):
        with pytest.raises(ValueError, match="shape"):
            overlay_rgba([(self.MASK, PALETTE[0]), (self.MASK.T, PALETTE[1])], OverlayStyle())
        with pytest.raises(ValueError, match="at least one"):
            overlay_rgba([], OverlayStyle())

    @given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
    def test_that_composing_is_the_alpha_formula_to_the_level(self, base, colour, alpha):
        grey = np.full((3, 3), base, np.uint8)
        rgba = np.full((3, 3, 4), colour, np.uint8)
        rgba[..., 3] = alpha
        got = compose(grey, rgba)[1, 1, 0]
        assert int(got) == int(np.floor((base * (255 - alpha) + colour * alpha) / 255 + 0.5))

    def test_that_composing_leaves_its_inputs_alone(self):
        base = np.zeros((20, 30, 3), np.uint8)
        compose(base, overlay_rgba([(self.MASK, PALETTE[0])], OverlayStyle()))
        assert not base.any()
        with pytest.raises(ValueError, match="overlay"):
            compose(base, np.zeros((2, 2, 4), np.uint8))


class TestOutline:
    def test_that_one_pixel_has_its_four_sides(self):
        mask = np.zeros((4, 5), bool)
        mask[1, 2] = True
        sides = {tuple(map(tuple, np.sort(s, axis=0))) for s in outline_segments(mask).tolist()}
        assert sides == {((2, 1), (3, 1)), ((2, 2), (3, 2)), ((2, 1), (2, 2)), ((3, 1), (3, 2))}

    @given(st.integers(0, 10_000))
    def test_that_the_outline_is_every_side_between_inside_and_outside(self, seed):
        mask = np.random.default_rng(seed).random((9, 7)) < 0.4
        lines = outline_segments(mask).astype(float)
        padded = np.pad(mask, 1).astype(int)
        perimeter = np.abs(np.diff(padded, axis=0)).sum() + np.abs(np.diff(padded, axis=1)).sum()
        assert np.abs(lines[:, 1] - lines[:, 0]).sum() == perimeter

    @given(st.integers(0, 10_000))
    def test_that_upright_sides_enclose_the_area(self, seed):
        mask = np.random.default_rng(seed).random((9, 7)) < 0.4
        for row in range(9):
            sides = outline_segments(mask)
            upright = sides[sides[:, 0, 0] == sides[:, 1, 0]]
            ys = np.sort(upright[:, :, 1], axis=1)
            crossed = np.sort(upright[(ys[:, 0] <= row) & (ys[:, 1] > row), 0, 0])
            assert crossed[1::2].sum() - crossed[::2].sum() == mask[row].sum()

    def test_that_an_empty_mask_has_no_outline(self):
        assert outline_segments(np.zeros((3, 3), bool)).shape == (0, 2, 2)
