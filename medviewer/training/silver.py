"""Silver masks: lungs of a real chest CT by classical image processing, good enough to learn from.

The method, step by step (all distances in mm, so that every scan is treated alike):

1. Smooth a little in-plane; *air* is what lies below -400 HU and is not joined, in its slice, to the air
   around the body (the couch's foam goes with it: only components inside the filled body count).
2. The *airway* is followed downwards from the trachea - in the upper slices the roundest dark spot near the
   middle of the body - slice by slice: the next slice's dark components that overlap it, as long as they stay
   small and keep a wall. It ends where a bronchus has no wall towards the lung.
3. Air minus the airway with its wall, components above 60 ml: the lungs. If right and left hang together
   (they do at the anterior junction), cores of the eroded mask are grown back to tell them apart.
4. Each lung is closed in-plane (vessels at the hilum, small dense spots on the pleura). Dense tissue that
   *sees* its own lung within 45 mm in at least six of eight in-plane directions, and towards the feet, is
   disease inside the lung and belongs to it (a mass); the dome of the diaphragm, which sees no lung below
   itself, does not. Small holes (vessels) are filled; the airway stays out.

What it cannot do: broad dense disease on the pleura or the mediastinum stays outside. That is why these
masks teach the network borders, and the synthetic chests teach it disease.
"""

from __future__ import annotations

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from medviewer.errors import NotSuitable
from medviewer.imaging.reslice import canonical_axial
from medviewer.imaging.volume import Volume
from medviewer.training import silver_airway
from medviewer.training.morphology import (
    Bool,
    Grid,
    close2d,
    components,
    components3d,
    dilate2d,
    erode2d,
    fill,
    open2d,
    seen,
    smooth,
)

AIR_HU = -400.0
_SMALLEST_LUNG_ML = 60.0
_CLOSING_MM = 7.0
_SIGHT_MM = 45.0
_DIRECTIONS_SEEN = 6
_SMALL_HOLE_MM2 = 150.0
_WALL_MM = 1.6


def silver_lungs(volume: Volume) -> dict[str, Bool]:
    """ "right_lung", "left_lung", "trachea" (with main bronchi) on the volume's own grid.

    Raises :class:`NotSuitable` where no two lungs can be told apart, NoGeometry without geometry.
    """
    geometry = volume.require_geometry()
    view = canonical_axial(volume.shape, geometry)
    pixel = view.pixel_mm
    if pixel is None or view.step_mm is None:  # pragma: no cover - geometry was required above
        raise NotSuitable("The scan has no geometry.")
    head_first = (
        1
        if geometry.position(view.to_voxel(1, 0, 0))[2] > geometry.position(view.to_voxel(0, 0, 0))[2]
        else -1
    )
    oriented = np.ascontiguousarray(view.oriented(volume.voxels)[::head_first], dtype=np.float32)
    grid = Grid(smooth(oriented, pixel), view.step_mm, pixel)
    body = _body(grid)
    air = (grid.hu < AIR_HU) & body
    airway = silver_airway.airway(grid, air, body)
    walled = dilate2d(airway, grid.disc(_WALL_MM))
    right, left = _two_lungs(grid, air & ~walled)
    lungs = {
        "right_lung": _finish(grid, right, airway | left),
        "left_lung": _finish(grid, left, airway | right),
    }
    lungs["left_lung"] &= ~lungs["right_lung"]
    lungs["trachea"] = airway
    return {name: np.ascontiguousarray(view.stored(mask[::head_first])) for name, mask in lungs.items()}


def _body(grid: Grid) -> Bool:
    """The patient with all inside, slice by slice; couch and clothes fall away by opening."""
    solid = grid.hu > -300
    opened = open2d(solid, grid.disc(5.0))
    labels = SimpleITK.ConnectedComponent(SimpleITK.GetImageFromArray(opened.astype(np.uint8)))
    biggest = SimpleITK.GetArrayFromImage(SimpleITK.RelabelComponent(labels, sortByObjectSize=True)) == 1
    out: Bool = np.zeros(biggest.shape, bool)
    for k in range(len(out)):
        closed = close2d(biggest[k : k + 1], grid.disc(9.0))
        out[k] = fill(closed[0])
    return out


def _two_lungs(grid: Grid, air: Bool) -> tuple[Bool, Bool]:
    """Right and left: the two biggest pieces, pulled apart where they touch."""
    for mm in (0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0, 10.0, 13.0):
        core = air if mm == 0 else erode2d(air, grid.disc(mm))
        labels = SimpleITK.RelabelComponent(
            SimpleITK.ConnectedComponent(SimpleITK.GetImageFromArray(core.astype(np.uint8))),
            sortByObjectSize=True,
        )
        pieces = SimpleITK.GetArrayFromImage(labels)
        sizes = np.bincount(pieces.ravel(), minlength=3)[1:] * grid.voxel_ml
        if len(sizes) >= 2 and sizes[1] >= max(_SMALLEST_LUNG_ML, 0.15 * sizes[0]):
            return _grow_back(grid, air, pieces)
    raise NotSuitable("No two lungs were found in the scan.")


def _grow_back(grid: Grid, air: Bool, pieces: NDArray[np.int32]) -> tuple[Bool, Bool]:
    """Every piece of air that hangs on one of the two cores goes to the nearer one."""
    middle = [float(np.nonzero(pieces == k)[2].mean()) for k in (1, 2)]
    first_is_right = middle[0] < middle[1]
    labels = components3d(air)
    sizes = np.bincount(labels.ravel()) * grid.voxel_ml
    keep = np.zeros(len(sizes), bool)
    keep[np.unique(labels[(pieces == 1) | (pieces == 2)])] = True
    keep[0] = False
    kept = keep[labels]
    spacing = (grid.pixel[1], grid.pixel[0], grid.step)
    gap = []
    for k in (1, 2):
        image = SimpleITK.GetImageFromArray((pieces == k).astype(np.uint8))
        image.SetSpacing(spacing)
        gap.append(
            SimpleITK.GetArrayFromImage(
                SimpleITK.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True)
            )
        )
    near_first = gap[0] <= gap[1]
    first, second = kept & near_first, kept & ~near_first
    return (first, second) if first_is_right else (second, first)


def _finish(grid: Grid, lung: Bool, outside: Bool) -> Bool:
    """Close in-plane, take in masses and small holes; never over ``outside``."""
    closed = close2d(lung, grid.disc(_CLOSING_MM))
    below = _lung_below(grid, closed)
    out = np.empty_like(closed)
    for k, picture in enumerate(closed):
        mass = (seen(grid, picture, _SIGHT_MM) >= _DIRECTIONS_SEEN) & below[k]
        out[k] = _fill_small(grid, picture | mass)
    return np.asarray(open2d(out, grid.disc(1.5)) & ~outside)


def _lung_below(grid: Grid, lung: Bool) -> Bool:
    """Whether lung lies straight towards the feet (lower indices) within sight."""
    out = np.zeros_like(lung)
    for k in range(1, 1 + max(1, round(_SIGHT_MM / grid.step))):
        out[k:] |= lung[:-k]
    return out


def _fill_small(grid: Grid, picture: Bool) -> Bool:
    """Fill holes no larger than a vessel."""
    holes = components(fill(picture) & ~picture)
    areas = np.bincount(holes.ravel()) * grid.pixel[0] * grid.pixel[1]
    small = areas <= _SMALL_HOLE_MM2
    small[0] = False
    return np.asarray(picture | small[holes])
