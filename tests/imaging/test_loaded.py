"""What is not loaded is not touched, and what loads meanwhile does no harm."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.imaging.loaded import loaded_values
from medviewer.imaging.reslice import Plane, PlaneView
from medviewer.imaging.volume import Geometry, Unit, Volume


@pytest.mark.parametrize("plane", [Plane.NATIVE, Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
def test_what_is_not_loaded_is_zero_in_planes_across_the_slices(plane: Plane) -> None:
    space = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (1, 1), (0, 0, 1))
    values = np.random.default_rng(1).integers(1, 99, (5, 6, 7), np.int16)
    ready = np.array([True, False, True, True, False])
    view = PlaneView.of(Volume(values, space, Unit.HU), plane)
    kept = values if view.axes[0] == 0 else np.where(ready[:, None, None], values, 0)
    shown = loaded_values(view, values, 3, ready)
    assert np.array_equal(shown, view.extract(kept, 3))
    assert np.array_equal(loaded_values(view, values, 3, None), view.extract(values, 3))


class _Growing(np.ndarray):  # type: ignore[type-arg]
    """Values whose other slices become ready while some of them are read."""

    ready: NDArray[np.bool_]

    def __getitem__(self, key: object) -> object:
        found = super().__getitem__(key)  # type: ignore[index]
        if isinstance(key, np.ndarray):
            _Growing.ready[:] = True
        return found


def test_slices_that_become_ready_meanwhile_do_no_harm() -> None:
    space = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (1, 1), (0, 0, 1))
    values = np.ones((5, 6, 7), np.int16)
    view = PlaneView.of(Volume(values, space, Unit.HU), Plane.SAGITTAL)
    _Growing.ready = np.array([True, False, True, False, False])
    shown = loaded_values(view, values.view(_Growing), 3, _Growing.ready)
    assert _Growing.ready.all()
    assert np.count_nonzero(shown) == 2 * 6
