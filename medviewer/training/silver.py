"""Silver masks: lungs of a real chest CT by classical image processing, good enough to learn from.

The method, step by step (all distances in mm, so that every scan is treated alike):

1. Smooth a little in-plane; *air* is what lies below -400 HU and is not joined, in its slice, to the air
   around the body (the couch's foam goes with it: only components inside the filled body count).
2. The *airway* is followed downwards from the trachea - in the upper slices the roundest dark spot near the
   middle of the body - slice by slice: the next slice's dark components that overlap it, as long as they stay
   small and keep a wall. It ends where a bronchus has no wall towards the lung.
3. Air minus the airway with its wall, components above 60 ml: the lungs. If right and left hang together
   (they do at the anterior junction), cores of the eroded mask are grown back to tell them apart.
4. Each lung is closed in-plane (vessels at the hilum, small dense spots on the pleura) and its holes are
   filled (vessels), in every slice; the airway stays out.

What it cannot do: dense disease broader than the closing stays outside. That is why these masks teach the
network borders, and the synthetic chests teach it disease.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from medviewer.errors import NotSuitable
from medviewer.imaging.reslice import canonical_axial
from medviewer.imaging.volume import Volume

AIR_HU = -400.0
_LUMEN_HU = -905.0
"""A bronchus is darker than this after smoothing over :data:`_CALM_MM`; most lung is not."""
_CALM_MM = 1.3
_SMALLEST_LUNG_ML = 60.0
_CLOSING_MM = 7.0
_WALL_MM = 1.6
_BRONCHUS_MM2 = 220.0
_TRACHEA_MM2 = 800.0
_BELOW_CARINA_MM = 42.0

Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class _Grid:
    """An axial (slices from feet to head, rows, columns) array and its spacing in mm."""

    hu: NDArray[np.float32]
    step: float
    pixel: tuple[float, float]

    @property
    def voxel_ml(self) -> float:
        return self.step * self.pixel[0] * self.pixel[1] / 1000

    def disc(self, mm: float) -> tuple[int, int]:
        """In-plane (columns, rows) radius in pixels."""
        return max(1, round(mm / self.pixel[1])), max(1, round(mm / self.pixel[0]))


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
    grid = _Grid(_smooth(oriented, pixel), view.step_mm, pixel)
    body = _body(grid)
    air = (grid.hu < AIR_HU) & body
    airway = _airway(grid, air, body)
    walled = _dilate2d(airway, grid.disc(_WALL_MM))
    right, left = _two_lungs(grid, air & ~walled)
    lungs = {
        "right_lung": _finish(grid, right, airway | left),
        "left_lung": _finish(grid, left, airway | right),
    }
    lungs["left_lung"] &= ~lungs["right_lung"]
    lungs["trachea"] = airway
    return {name: np.ascontiguousarray(view.stored(mask[::head_first])) for name, mask in lungs.items()}


def _smooth(hu: NDArray[np.float32], pixel: tuple[float, float], mm: float = 0.7) -> NDArray[np.float32]:
    image = SimpleITK.GetImageFromArray(hu)
    sigma = max(0.7, mm / pixel[0])
    for axis in (0, 1):
        image = SimpleITK.RecursiveGaussian(
            image, sigma, False, SimpleITK.RecursiveGaussianImageFilter.ZeroOrder, axis
        )
    return np.asarray(SimpleITK.GetArrayFromImage(image), dtype=np.float32)


def _body(grid: _Grid) -> Bool:
    """The patient with all inside, slice by slice; couch and clothes fall away by opening."""
    solid = grid.hu > -300
    opened = _open2d(solid, grid.disc(5.0))
    labels = SimpleITK.ConnectedComponent(SimpleITK.GetImageFromArray(opened.astype(np.uint8)))
    biggest = SimpleITK.GetArrayFromImage(SimpleITK.RelabelComponent(labels, sortByObjectSize=True)) == 1
    out: Bool = np.zeros(biggest.shape, bool)
    for k in range(len(out)):
        closed = _close2d(biggest[k : k + 1], grid.disc(9.0))
        out[k] = _fill(closed[0])
    return out


def _fill(picture: Bool) -> Bool:
    """Everything not joined to the picture's border; the border itself is opened at the top and sides."""
    padded = np.pad(picture, 1)
    image = SimpleITK.GetImageFromArray(padded.astype(np.uint8))
    filled = SimpleITK.GetArrayFromImage(SimpleITK.BinaryFillhole(image, fullyConnected=False)).astype(bool)
    return np.asarray(filled[1:-1, 1:-1])


def _airway(grid: _Grid, air: Bool, body: Bool) -> Bool:
    """Trachea and main bronchi, from the top slice that shows the trachea down."""
    out = np.zeros_like(air)
    start = _trachea_seed(grid, air, body)
    if start is None:
        return out
    top, seed = start
    out[top] = seed
    calm = _smooth(grid.hu, grid.pixel, _CALM_MM)
    for k in range(top + 1, len(air)):
        grown = _next_slice(grid, air[k], out[k - 1], _TRACHEA_MM2)
        if not grown.any():
            break
        out[k] = grown
    forked_mm = 0.0
    for k in range(top - 1, -1, -1):
        pieces = forked_mm > 0
        limit = _BRONCHUS_MM2 if pieces else _TRACHEA_MM2
        dark = (calm[k] < _LUMEN_HU if pieces else grid.hu[k] < -650.0) & air[k]
        grown = _next_slice(grid, dark, out[k + 1], limit)
        if not grown.any() or forked_mm > _BELOW_CARINA_MM:
            break
        if pieces or _is_forked(grid, grown):
            forked_mm += grid.step
        out[k] = _dilate2d(grown[None], grid.disc(1.0))[0] & air[k]
    return out


def _components(picture: Bool) -> NDArray[np.int32]:
    return np.asarray(
        SimpleITK.GetArrayFromImage(
            SimpleITK.ConnectedComponent(SimpleITK.GetImageFromArray(picture.astype(np.uint8)))
        )
    )


def _trachea_seed(grid: _Grid, air: Bool, body: Bool) -> tuple[int, Bool] | None:
    """The roundest dark spot of tracheal size near the body's middle, in the upper part of the scan."""
    best: tuple[float, int, Bool] | None = None
    area_of = grid.pixel[0] * grid.pixel[1]
    for k in range(len(air) - 1, len(air) // 2, -1):
        if not body[k].any():
            continue
        rows, columns = np.nonzero(body[k])
        middle = np.array([np.median(rows), (columns.min() + columns.max()) / 2])
        labels = _components(air[k])
        for label in range(1, int(labels.max()) + 1):
            spot = labels == label
            area = np.count_nonzero(spot) * area_of
            if not 70 <= area <= 650:
                continue
            r, c = np.nonzero(spot)
            extent = (np.ptp(r) + 1) * grid.pixel[0] * (np.ptp(c) + 1) * grid.pixel[1]
            away = np.abs(np.array([r.mean(), c.mean()]) - middle) * grid.pixel
            if away[1] > 35 or away[0] > 60 or area / extent < 0.55:
                continue
            score = float(away[1]) + 60 * abs(area / extent - 0.785)
            if best is None or score < best[0]:
                best = (score, k, spot)
        if best is not None and best[1] - k > 3:
            break
    return None if best is None else (best[1], best[2])


def _next_slice(grid: _Grid, dark: Bool, before: Bool, limit_mm2: float) -> Bool:
    """Components of ``dark`` that overlap the airway of the slice before and stay small."""
    labels = _components(dark)
    reach = _dilate2d(before[None], grid.disc(2.5))[0]
    out = np.zeros_like(dark)
    for label in np.unique(labels[reach]):
        if label == 0:
            continue
        piece = labels == label
        if np.count_nonzero(piece) * grid.pixel[0] * grid.pixel[1] <= limit_mm2:
            out |= piece
    return out


def _is_forked(grid: _Grid, picture: Bool) -> bool:
    """Whether the airway has become two, or wide: the carina."""
    labels = _components(picture)
    areas = np.bincount(labels.ravel())[1:] * grid.pixel[0] * grid.pixel[1]
    columns = np.flatnonzero(picture.any(axis=0))
    wide = (columns[-1] - columns[0] + 1) * grid.pixel[1]
    return int((areas > 40).sum()) >= 2 or wide > 34


def _two_lungs(grid: _Grid, air: Bool) -> tuple[Bool, Bool]:
    """Right and left: the two biggest pieces, pulled apart where they touch."""
    for mm in (0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0, 10.0, 13.0):
        core = air if mm == 0 else _erode2d(air, grid.disc(mm))
        labels = SimpleITK.RelabelComponent(
            SimpleITK.ConnectedComponent(SimpleITK.GetImageFromArray(core.astype(np.uint8))),
            sortByObjectSize=True,
        )
        pieces = SimpleITK.GetArrayFromImage(labels)
        sizes = np.bincount(pieces.ravel(), minlength=3)[1:] * grid.voxel_ml
        if len(sizes) >= 2 and sizes[1] >= max(_SMALLEST_LUNG_ML, 0.15 * sizes[0]):
            return _grow_back(grid, air, pieces)
    raise NotSuitable("No two lungs were found in the scan.")


def _grow_back(grid: _Grid, air: Bool, pieces: NDArray[np.int32]) -> tuple[Bool, Bool]:
    """Every piece of air that hangs on one of the two cores goes to the nearer one."""
    middle = [float(np.nonzero(pieces == k)[2].mean()) for k in (1, 2)]
    first_is_right = middle[0] < middle[1]
    labels = _components3d(air)
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


def _components3d(mask: Bool) -> NDArray[np.int32]:
    return np.asarray(
        SimpleITK.GetArrayFromImage(
            SimpleITK.ConnectedComponent(SimpleITK.GetImageFromArray(mask.astype(np.uint8)))
        )
    )


def _finish(grid: _Grid, lung: Bool, outside: Bool) -> Bool:
    """Close in-plane and fill holes; never over ``outside``."""
    closed = _close2d(lung, grid.disc(_CLOSING_MM))
    filled = np.stack([_fill(picture) for picture in closed])
    return np.asarray(filled & ~outside)


def _morph(filter_: SimpleITK.ImageFilter, mask: Bool, radius: tuple[int, int]) -> Bool:
    out = np.empty_like(mask)
    filter_.SetKernelType(SimpleITK.sitkBall)
    filter_.SetKernelRadius(list(radius))
    pad = max(radius) + 1
    for k in range(len(mask)):
        if not mask[k].any():
            out[k] = False
            continue
        image = SimpleITK.GetImageFromArray(np.pad(mask[k], pad).astype(np.uint8))
        out[k] = SimpleITK.GetArrayFromImage(filter_.Execute(image))[pad:-pad, pad:-pad]
    return out


def _dilate2d(mask: Bool, radius: tuple[int, int]) -> Bool:
    return _morph(SimpleITK.BinaryDilateImageFilter(), mask, radius)


def _erode2d(mask: Bool, radius: tuple[int, int]) -> Bool:
    return _morph(SimpleITK.BinaryErodeImageFilter(), mask, radius)


def _open2d(mask: Bool, radius: tuple[int, int]) -> Bool:
    return _dilate2d(_erode2d(mask, radius), radius)


def _close2d(mask: Bool, radius: tuple[int, int]) -> Bool:
    return _erode2d(_dilate2d(mask, radius), radius)
