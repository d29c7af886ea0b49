"""Geometry, volumes, masks: where a voxel lies in the patient, or the honest absence of that knowledge.

Frame: DICOM patient coordinates, LPS (x to the patient's Left, y to Posterior, z to Superior/Head), in
millimetres. Array order is always (slice, row, column). An index names the *centre* of a voxel
(PS3.3 C.7.6.2.1.1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medviewer.errors import NoGeometry
from medviewer.imaging.inplane import InPlane

_UNIT_TOLERANCE = 1e-3
"""How far direction cosines may be from unit length and right angles before they are not believed."""

FloatArray = NDArray[np.float64]


class Unit(StrEnum):
    """What a voxel value means."""

    HU = "HU"
    SUV = "SUV"
    RAW = ""
    RGB = "RGB"


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, eq=False)
class Geometry:
    """An affine 4 x 4 from (slice, row, column) to LPS millimetres, and its frame of reference.

    Validated when built: finite, columns orthogonal within 1e-3 (a tilted gantry is *not* a geometry of
    this kind), spacings positive. Raises :class:`NoGeometry` otherwise.
    """

    affine: FloatArray
    frame_of_reference_uid: str = ""

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise NoGeometry("The image geometry is not a finite 4 x 4 matrix.")
        lengths = np.linalg.norm(affine[:3, :3], axis=0)
        if (lengths <= 0).any():
            raise NoGeometry("The image geometry has a spacing of zero.")
        unit = affine[:3, :3] / lengths
        if np.abs(unit.T @ unit - np.eye(3)).max() > _UNIT_TOLERANCE:
            raise NoGeometry("The image axes are not at right angles.")
        object.__setattr__(self, "affine", _frozen(affine))

    @classmethod
    def from_planes(
        cls,
        position: ArrayLike,
        orientation: ArrayLike,
        pixel_spacing: tuple[float, float],
        slice_step: ArrayLike,
        frame_of_reference_uid: str = "",
    ) -> Geometry:
        """Build from DICOM plane attributes.

        ``position``: ImagePositionPatient of slice 0 (mm); ``orientation``: the six direction cosines, row
        direction (along columns) first; ``pixel_spacing``: (between rows, between columns) in mm;
        ``slice_step``: the vector in mm from slice k to slice k + 1.
        """
        cosines = np.asarray(orientation, dtype=np.float64)
        affine = np.eye(4)
        affine[:3, 0] = np.asarray(slice_step, dtype=np.float64)
        affine[:3, 1] = cosines[3:] * pixel_spacing[0]
        affine[:3, 2] = cosines[:3] * pixel_spacing[1]
        affine[:3, 3] = np.asarray(position, dtype=np.float64)
        return cls(affine, frame_of_reference_uid)

    @cached_property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between (slices, rows, columns) in mm."""
        lengths = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(lengths[0]), float(lengths[1]), float(lengths[2])

    @cached_property
    def directions(self) -> FloatArray:
        """3 x 3; column k is the unit LPS vector of array axis k (slice, row, column)."""
        return np.asarray(self.affine[:3, :3] / np.linalg.norm(self.affine[:3, :3], axis=0))

    @cached_property
    def _inverse(self) -> FloatArray:
        return np.asarray(np.linalg.inv(self.affine))

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(np.prod(self.spacing_mm)) / 1000.0

    def position(self, index: ArrayLike) -> FloatArray:
        """LPS mm of voxel index (..., 3) in (slice, row, column); fractions allowed."""
        points = np.asarray(index, dtype=np.float64)
        return np.asarray(points @ self.affine[:3, :3].T + self.affine[:3, 3])

    def index(self, position: ArrayLike) -> FloatArray:
        """Fractional voxel index (..., 3) of LPS mm positions: the inverse of :meth:`position`."""
        points = np.asarray(position, dtype=np.float64)
        return np.asarray(points @ self._inverse[:3, :3].T + self._inverse[:3, 3])

    def same_grid(self, other: Geometry, tolerance_mm: float = 1e-3) -> bool:
        """Whether two geometries put every voxel at the same place."""
        return bool(np.abs(self.affine - other.affine).max() <= tolerance_mm)


def believed(geometry: Geometry | None) -> Geometry:
    """The geometry; raises :class:`NoGeometry` with the sentence for the reader where there is none."""
    if geometry is None:
        raise NoGeometry(
            "This series has no reliable geometry, so nothing can be measured in millimetres.",
            "Measure in pixels, or open the original images.",
        )
    return geometry


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels (slice, row, column[, 3 for RGB]) with their unit, read-only; geometry or None.

    Without geometry and ``in_plane`` nothing may be told in millimetres. ``padding`` is the
    range of values (inclusive, in the volume's unit) that mark "no data" (PS3.3 C.7.5.1.1.2), left out of
    statistics and auto-window.
    """

    voxels: NDArray[Any]
    geometry: Geometry | None
    unit: Unit = Unit.RAW
    padding: tuple[float, float] | None = None
    unread: frozenset[int] = frozenset()
    """Slices that could not be read: they hold the lowest value, and nothing may be measured in them."""
    unit_label: str = ""
    """What values of Unit.RAW are said to be: "Bq/mL"; empty where nothing is said."""
    quantity: str = ""
    """What real-world values measure; empty where nothing is said."""
    in_plane: tuple[InPlane, ...] = ()
    """What each slice tells of its own plane, or (): all that may be measured without geometry."""

    def __post_init__(self) -> None:
        if self.voxels.ndim not in (3, 4):
            raise ValueError(f"a volume has 3 axes, or 4 for RGB, not {self.voxels.ndim}")
        object.__setattr__(self, "voxels", _frozen(self.voxels))

    @property
    def shape(self) -> tuple[int, int, int]:
        """(slices, rows, columns)."""
        slices, rows, columns = self.voxels.shape[:3]
        return int(slices), int(rows), int(columns)

    @property
    def is_colour(self) -> bool:
        """Whether a voxel is an RGB triple."""
        return self.voxels.ndim == 4

    def require_geometry(self) -> Geometry:
        """The geometry; raises :class:`NoGeometry` where there is none."""
        return believed(self.geometry)


@dataclass(frozen=True, eq=False)
class Mask:
    """One labelled region on the grid of a volume, kept as the cropped box that holds it.

    ``box``: bool voxels (slice, row, column); ``origin``: index of the box's first voxel in the grid;
    ``shape``: the whole grid. Masks of one result may overlap.
    """

    label: int
    name: str
    box: NDArray[np.bool_]
    origin: tuple[int, int, int]
    shape: tuple[int, int, int]
    geometry: Geometry | None
    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        end = np.add(self.origin, self.box.shape)
        if self.box.ndim != 3 or min(self.origin) < 0 or (end > np.array(self.shape)).any():
            raise ValueError("the mask's box does not lie inside its grid")
        object.__setattr__(self, "box", _frozen(self.box.astype(bool, copy=False)))

    @classmethod
    def from_full(cls, label: int, name: str, voxels: NDArray[Any], geometry: Geometry | None) -> Mask:
        """Crop a whole-grid array (non-zero = inside) to its bounding box."""
        inside = voxels.astype(bool, copy=False)
        grid = (int(inside.shape[0]), int(inside.shape[1]), int(inside.shape[2]))
        low, high = [], []
        for axis in range(3):
            others = tuple(a for a in range(3) if a != axis)
            hits = np.flatnonzero(inside.any(axis=others))
            if hits.size == 0:
                return cls(label, name, np.zeros((0, 0, 0), bool), (0, 0, 0), grid, geometry)
            low.append(int(hits[0]))
            high.append(int(hits[-1]) + 1)
        box = inside[low[0] : high[0], low[1] : high[1], low[2] : high[2]].copy()
        return cls(label, name, box, (low[0], low[1], low[2]), grid, geometry)

    def full(self) -> NDArray[np.bool_]:
        """The mask on the whole grid (a new array)."""
        out = np.zeros(self.shape, bool)
        s, r, c = self.origin
        ds, dr, dc = self.box.shape
        out[s : s + ds, r : r + dr, c : c + dc] = self.box
        return out

    def slice(self, index: int) -> NDArray[np.bool_]:
        """Rows x columns of one slice on the whole grid (a new array)."""
        out = np.zeros(self.shape[1:], bool)
        s, r, c = self.origin
        ds, dr, dc = self.box.shape
        if s <= index < s + ds:
            out[r : r + dr, c : c + dc] = self.box[index - s]
        return out

    @property
    def voxel_count(self) -> int:
        """Number of voxels inside."""
        if "count" not in self._cache:
            self._cache["count"] = int(np.count_nonzero(self.box))
        return int(self._cache["count"])

    def touched(self, axis: int) -> NDArray[np.bool_]:
        """Which planes of the box, across an axis of the grid, hold any voxel of the mask."""
        key = f"touched {axis}"
        if key not in self._cache:
            others = tuple(a for a in range(3) if a != axis)
            self._cache[key] = _frozen(np.asarray(self.box.any(axis=others)))
        return np.asarray(self._cache[key])

    @property
    def slice_range(self) -> tuple[int, int] | None:
        """First and last slice touched, or None when empty."""
        if self.voxel_count == 0:
            return None
        return self.origin[0], self.origin[0] + int(self.box.shape[0]) - 1

    @property
    def largest_slice(self) -> int | None:
        """The slice with the largest area, or None when empty."""
        if self.voxel_count == 0:
            return None
        areas = np.count_nonzero(self.box, axis=(1, 2))
        return self.origin[0] + int(np.argmax(areas))
