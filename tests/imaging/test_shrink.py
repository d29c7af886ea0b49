"""Every cell is the mean of what it covers, written here as products with matrices of weights."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.imaging.part import Part, Span, span_on_screen
from medviewer.imaging.shrink import block_means, block_of, shrink

KINDS = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64)


def _part(shape: tuple[int, ...], scale: float, length: float = 500) -> Part:
    return Part(
        span_on_screen(scale, 3.3, length, shape[0], slack=5),
        span_on_screen(scale * 0.9, -2.7, length, shape[1], slack=5),
    )


def _weights(span: Span, block: int) -> NDArray[np.float64]:
    """(cells, pixels): the share of each pixel in each cell."""
    blocks = -(-span.size // block)
    inside = np.equal.outer(np.arange(blocks), np.arange(span.size) // block).astype(float)
    edges = span.edges() / block
    ends = (
        np.minimum(edges[1:, None], np.arange(1, blocks + 1)),
        np.maximum(edges[:-1, None], np.arange(blocks)),
    )
    share = np.maximum(ends[0] - ends[1], 0)
    share /= share.sum(axis=1, keepdims=True)
    return np.asarray(share @ (inside / inside.sum(axis=1, keepdims=True)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [0.999, 0.77, 0.5, 0.31, 0.1234, 0.03])
@pytest.mark.parametrize("shape", [(37, 50), (131, 96), (40, 41, 3)])
def test_cells_are_weighted_means(kind: type, scale: float, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(40, 30, shape).clip(0, 120).astype(kind)
    part = _part(shape, scale)
    rows, columns = block_of(part)
    means = np.einsum(
        "ij,jk...,lk->il...", _weights(part.rows, rows), values.astype(float), _weights(part.columns, columns)
    )
    # Whole numbers are rounded once over blocks and once over cells.
    allowed = 1.0 if np.dtype(kind).kind in "iu" else 1e-3
    assert shrink(values, part).dtype == kind
    assert np.abs(shrink(values, part).astype(float) - means).max() <= allowed + 1e-6


@pytest.mark.parametrize("low", [-32768, -5, 0, 30000])
def test_sixteen_bits_never_run_over(low: int) -> None:
    values = np.full((64, 64), 32767, np.int16)
    values[:, ::2] = low
    half = Part(Span(0, 16, 4, 64), Span(0, 16, 4, 64))
    assert np.abs(shrink(values, half).astype(float) - (32767 + low) / 2).max() <= 0.5
    assert (shrink(np.full((64, 64), 65535, np.uint16), half) == 65535).all()


@pytest.mark.parametrize("scale", [0.9, 0.6, 0.51, 0.26, 0.22])
def test_one_bright_pixel_shows_wherever_it_lies(scale: float) -> None:
    part = _part((60, 60), scale)
    share = scale * scale * 0.9
    for row in range(8, 24):
        for column in range(8, 24):
            values = np.zeros((60, 60), np.float32)
            values[row, column] = 1000
            shown = shrink(values, part)
            # All of it is there, in at most a few cells.
            assert shown.sum() == pytest.approx(1000 * share, rel=0.6)
            assert shown.max() >= shown.sum() / 9 - 1e-3


def test_stored_pixels_are_not_touched() -> None:
    values = np.arange(300, dtype=np.int16).reshape(15, 20)
    part = Part(Span(3.0, 1.0, 5, 15), Span(2.0, 1.0, 7, 20))
    assert np.array_equal(shrink(values, part), values[3:8, 2:9])
    assert np.shares_memory(shrink(values, part), values)


def test_one_axis_may_be_shrunk_alone() -> None:
    values = np.arange(24.0).reshape(8, 3)
    shown = shrink(values, Part(Span(0, 4, 2, 8), Span.whole(3)))
    assert np.allclose(shown, [values[:4].mean(axis=0), values[4:].mean(axis=0)])


def test_what_has_no_value_hides_nothing() -> None:
    values = np.full((8, 8), 7, np.float32)
    values[0, 0] = np.nan
    values[4:, 4:] = np.nan
    shown = shrink(values, Part(Span(0, 4, 2, 8), Span(0, 4, 2, 8)))
    assert np.allclose(shown[:, 0], 7)
    assert shown[0, 1] == 7
    assert np.isnan(shown[1, 1])


def test_blocks_at_the_end_hold_the_mean_of_what_there_is() -> None:
    values = np.arange(25, dtype=np.float64).reshape(5, 5)
    means = block_means(values, (2, 4))
    assert np.allclose(means, [[4, 6.5], [14, 16.5], [21.5, 24]])


def test_large_pictures_go_by_threads_to_the_same_means() -> None:
    values = np.random.default_rng(0).integers(-1000, 3000, (2100, 2050), np.int16)
    means = values[:2100, :2048].reshape(525, 4, 512, 4).mean(axis=(1, 3))
    assert np.abs(block_means(values, (4, 4))[:, :512] - means).max() <= 0.5 + 1e-6
