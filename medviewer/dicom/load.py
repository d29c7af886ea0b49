"""A series to a volume: one allocation, threads, the slice on screen first.

No image of another patient can get in: the loader reads only the paths of its series, and a file that
changed since the scan is refused.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom.crew import Crew
from medviewer.dicom.decode import decode
from medviewer.dicom.encapsulated import Span, frame_spans
from medviewer.dicom.inplane import in_plane
from medviewer.dicom.room import available_bytes, default_budget, make_room
from medviewer.dicom.stack import normal
from medviewer.dicom.study import Instance, Series
from medviewer.dicom.voxels import (
    is_direct,
    padding_range,
    read_into,
    series_padding,
    volume_dtype,
    write_values,
)
from medviewer.errors import UnreadableImage
from medviewer.imaging.colour_map import MAP_COLOURS
from medviewer.imaging.render import auto_window, shades
from medviewer.imaging.volume import Geometry, Unit, Volume
from medviewer.tasks import TaskContext

_WORKERS = max(2, min(8, os.cpu_count() or 2))


class SeriesLoader:
    """Fills one array slice by slice. Thread-safe: ``prioritise`` and reading may happen meanwhile.

    ``ready[k]``: slice k is there. ``failed[k]``: why it never will be; such a slice holds the lowest
    value and is named in ``volume.unread`` once the load is complete. It does not stop the others.
    """

    def __init__(self, series: Series, budget: int | None = None) -> None:
        """``budget``: bytes of memory to take at most, half of what is available where not said; a larger
        series is kept in a mapped file (``on_disk``)."""
        self.series = series
        first = series.instances[0]
        self._dtype = volume_dtype(series)
        shape: tuple[int, ...] = (len(series.instances), first.rows, first.columns)
        if series.unit is Unit.RGB:
            shape = (*shape, 3)
        budget = default_budget() if budget is None else budget
        self._voxels, self.on_disk = make_room(shape, self._dtype, budget)
        padding = series_padding(series, self._dtype)
        self.volume = Volume(
            self._voxels,
            series.geometry,
            series.unit,
            padding,
            unit_label=series.unit_label,
            quantity=series.quantity,
            in_plane=in_plane(series),
        )
        self.ready: NDArray[np.bool_] = np.zeros(shape[0], bool)
        self.failed: dict[int, str] = {}
        self._lock = threading.Lock()
        self._first = 0
        self._waiting = bytearray(b"\1" * shape[0])
        self._spans: dict[Path, list[list[Span]]] = {}

    @property
    def complete(self) -> bool:
        """Whether every slice is ready or has failed."""
        return int(self.ready.sum()) + len(self.failed) == len(self.ready)

    def prioritise(self, index: int) -> None:
        """Load the slices nearest to ``index`` next."""
        self._first = index

    def adopt(self, instance: Instance, alone: Volume) -> bool:
        """Take over an image that :func:`read_slice` decoded, before loading. False, and nothing happens,
        unless it is the very image of this series: the same file unchanged, read to the same values."""
        same = [k for k, own in enumerate(self.series.instances) if own == instance]
        fits = alone.unit is self.volume.unit and alone.voxels.dtype == self._dtype
        if len(same) != 1 or not fits or not self._waiting[same[0]]:
            return False
        self._waiting[same[0]] = 0
        self._voxels[same[0]] = alone.voxels[0]
        self.ready[same[0]] = True
        return True

    def load(
        self,
        context: TaskContext | None = None,
        first: int = 0,
        on_slice: Callable[[int], None] | None = None,
    ) -> Volume:
        """Load all slices, nearest to ``first`` first; returns the volume.

        ``on_slice(index)`` is called in this thread for every finished slice. Raises :class:`Cancelled`
        between slices, and :class:`UnreadableImage` where not one slice could be read.
        """
        context = context or TaskContext()
        context.check()
        self._first = first
        total, waiting = len(self.ready), sum(self._waiting)
        with Crew(self._next, self._load_slice, min(_WORKERS, waiting), "decode") as crew:
            for index, error in crew:
                self._finish(index, error)
                waiting -= 1
                if context.cancelled:  # what had begun is kept
                    crew.stop()
                    continue
                if on_slice is not None:
                    on_slice(index)
                context.report((total - waiting) / total, f"Loading images: {total - waiting} of {total}")
        context.check()
        if not self.ready.any():
            raise UnreadableImage(next(iter(self.failed.values()), "The series holds no image."))
        for index in self.failed:
            self._blank(index)
        if self.failed:
            self.volume = replace(self.volume, unread=frozenset(self.failed))
        return self.volume

    def _next(self) -> int | None:
        """The waiting slice nearest to the wish, the later one of two; bytes are searched in no time."""
        first = min(max(self._first, 0), len(self._waiting) - 1)
        after, before = self._waiting.find(1, first), self._waiting.rfind(1, 0, first)
        if after < 0 and before < 0:
            return None
        index = after if before < 0 or 0 <= after - first <= first - before else before
        self._waiting[index] = 0
        return index

    def _finish(self, index: int, error: BaseException | None) -> None:
        if error is None:
            self.ready[index] = True
            return
        if not isinstance(error, UnreadableImage):
            raise error
        self.failed[index] = error.message
        if self.ready.any():
            self._blank(index)

    def _blank(self, index: int) -> None:
        """Mark a slice that failed; not before any is there, for headers that lie ask for much memory."""
        self._voxels[index] = self._lowest(self.series.instances[index])

    def _lowest(self, instance: Instance) -> float:
        if self.series.unit is Unit.RGB:
            return 0
        return max(-1024.0, instance.intercept) if self.series.unit is Unit.HU else 0

    def _load_slice(self, index: int) -> None:
        instance = self.series.instances[index]
        target = self._voxels[index]
        if is_direct(instance, self._dtype):
            read_into(instance, target)
        else:
            _fill(instance, target, lambda: self._frame_spans(instance))

    def _frame_spans(self, instance: Instance) -> list[Span] | None:
        """The fragment table of a multi-frame file is read once."""
        if instance.frames == 1 or instance.pixels.length is not None:
            return None
        with self._lock:
            if instance.path not in self._spans:
                self._spans[instance.path] = frame_spans(instance.path, instance)
            return self._spans[instance.path][instance.frame]


def _fill(instance: Instance, target: NDArray[Any], spans: Callable[[], list[Span] | None]) -> None:
    """Decode one image into ``target``; whatever damage is met, one image fails with one sentence."""
    try:
        write_values(decode(instance, spans()), instance, target)
    except UnreadableImage:
        raise
    except (OSError, MemoryError) as error:
        raise UnreadableImage("The image file could not be read.") from error
    except Exception as error:  # a damaged value table, as the decoder's own damage
        raise UnreadableImage("The image could not be decoded: its value table is damaged.") from error


def load_series(series: Series, context: TaskContext | None = None) -> Volume:
    """The whole volume. Raises :class:`UnreadableImage` when no slice can be read, :class:`Cancelled`."""
    return SeriesLoader(series).load(context)


def read_slice(series: Series, index: int) -> Volume:
    """One slice as a volume of one slice, with its own place. Raises :class:`UnreadableImage`, IndexError."""
    instance = series.instances[index]
    shape: tuple[int, ...] = (1, instance.rows, instance.columns)
    shape = (*shape, 3) if series.unit is Unit.RGB else shape
    voxels, _ = make_room(shape, volume_dtype(series), available_bytes())
    _fill(instance, voxels[0], lambda: None)
    padding = padding_range(instance, voxels.dtype)
    alone = replace(series, instances=(instance,))
    return Volume(
        voxels,
        slice_geometry(series, index),
        series.unit,
        padding,
        unit_label=series.unit_label,
        quantity=series.quantity,
        in_plane=in_plane(alone),
    )


def slice_geometry(series: Series, index: int) -> Geometry | None:
    """The geometry of one slice alone: in-plane lengths hold even where the stack is no volume.

    The step is the series' own, else the slice thickness; None without position, orientation, spacing or
    either of them.
    """
    instance = series.instances[index]
    if instance.position is None or instance.orientation is None or instance.pixel_spacing is None:
        return None
    along, thickness = normal(instance), series.acquisition.slice_thickness_mm
    if series.geometry is not None:
        step: NDArray[np.float64] = series.geometry.affine[:3, 0]
    elif along is not None and thickness is not None:
        step = along * thickness
    else:
        return None
    uid = series.frame_of_reference_uid
    return Geometry.from_planes(instance.position, instance.orientation, instance.pixel_spacing, step, uid)


def thumbnail(series: Series, size: int) -> NDArray[np.uint8]:
    """The middle image as (h, w) grey or (h, w, 3) RGB, at most ``size`` pixels on its longer side.

    In the header's first window, else an automatic one. Raises :class:`UnreadableImage`.
    """
    index = len(series.instances) // 2
    instance = series.instances[index]
    volume = read_slice(series, index)
    step = max(1, -(-max(volume.shape[1:]) // size))
    small = volume.voxels[0, ::step, ::step]
    if volume.is_colour:
        return np.ascontiguousarray(small, dtype=np.uint8)
    window = instance.windows[0] if instance.windows else auto_window(volume, 0)
    if instance.pixels.photometric == "MONOCHROME1":
        window = replace(window, invert=True)
    return shades(small, replace(window, colours=MAP_COLOURS) if series.is_map else window)
