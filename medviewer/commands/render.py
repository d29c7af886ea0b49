"""``medviewer render``: one image as the window shows it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medviewer.commands.console import Console
from medviewer.commands.opening import choose, open_paths
from medviewer.commands.recording import record
from medviewer.dicom.captions import corners
from medviewer.dicom.elements import Broken
from medviewer.dicom.inplane import in_plane
from medviewer.dicom.load import load_series, read_slice
from medviewer.dicom.overlay_planes import planes_of, union_on
from medviewer.dicom.study import Instance, ScanResult, Series
from medviewer.errors import UnreadableImage, UsageError
from medviewer.imaging.bitmap import lay, resized
from medviewer.imaging.colour_bar import bar_of
from medviewer.imaging.colour_map import colour_map_id
from medviewer.imaging.draw import Corners, annotate
from medviewer.imaging.presented import NEUTRAL
from medviewer.imaging.presets import preset
from medviewer.imaging.render import PALETTE, auto_window, display_size, render
from medviewer.imaging.reslice import Plane, PlaneView
from medviewer.imaging.volume import Mask, Volume
from medviewer.imaging.window import Window
from medviewer.review.acts import exported_files, opened
from medviewer.review.files import atomic_write
from medviewer.review.screen import first_colours, first_window, is_inverted

_LONGEST = 1024
"""Longer side in pixels of an annotated picture: room for words beside any image."""


@dataclass(frozen=True, eq=False)
class _Picture:
    """What is shown: ``at`` is the picture's index in ``view``, ``index`` the one the user counts."""

    volume: Volume
    view: PlaneView
    at: int
    index: int
    layers: tuple[tuple[Mask, str], ...] = ()


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Write one PNG. Raises what opening, loading, and writing raise, :class:`UsageError` for bad values."""
    own = _own_number(arguments.window)
    chosen = window_of(arguments.window) if arguments.window and own is None else None
    colours = _colours_of(arguments.colours)
    found = open_paths([arguments.path], console)
    series = choose(found, arguments.series, console)
    picture = _load(arguments, series, console)
    if own is not None:
        chosen = _own_window(
            series.instances[picture.index if picture.view.plane is Plane.NATIVE else 0], own
        )
    window = _window(picture, series, chosen, arguments.window == "auto")
    window = replace(window, colours=first_colours(series) if colours is None else colours)
    if arguments.annotate:
        rgb = _annotated(picture, found, series, window)
    else:
        rgb = render(picture.volume, picture.view, picture.at, window, picture.layers)
    atomic_write(arguments.output, lambda file: _png(rgb, file))
    record(console, "open", **opened(found))
    facts = exported_files(series.study_uid, series.uid, "picture", [arguments.output])
    record(console, "export", **facts)


def _colours_of(name: str | None) -> str | None:
    """The id of the colour map asked for. Raises :class:`UsageError`."""
    try:
        return None if name is None else colour_map_id(name)
    except ValueError as error:
        raise UsageError(f"The colours {name!r} are not known ({error}).") from error


def _own_number(text: str | None) -> int | None:
    """ "dicom:2" is 2: the second of the image's own windows and VOI LUTs."""
    kind, _, digits = (text or "").partition(":")
    return int(digits) if kind.lower() == "dicom" and digits.isdecimal() else None


def _own_window(instance: Instance, number: int) -> Window:
    """The image's own window ``number`` from 1, VOI LUTs after windows. Raises :class:`UsageError`."""
    own = instance.windows
    if not 1 <= number <= len(own):
        raise UsageError(f"The image has no window {number} of its own.", f"It has {len(own)}.")
    return own[number - 1]


def window_of(text: str) -> Window | None:
    """ "W/C" in values, a preset's name, or "auto" (None). Raises :class:`UsageError`."""
    if text == "auto":
        return None
    try:
        if "/" in text:
            width, _, centre = text.replace("\u2212", "-").partition("/")
            return Window(float(centre), float(width))
        return preset(text)
    except ValueError as error:
        hint = "Write width/centre (1500/-600), a preset's name, dicom:1, or auto."
        raise UsageError(f"The window {text!r} is not understood ({error}).", hint) from error


def _load(arguments: argparse.Namespace, series: Series, console: Console) -> _Picture:
    """One slice where that is enough, else the volume."""
    plane = Plane(arguments.plane)
    if plane is Plane.NATIVE and arguments.overlay is None:
        index = _checked(arguments.index, len(series.instances))
        volume = read_slice(series, index)
        return _Picture(volume, PlaneView.of(volume), 0, index)
    shape = (len(series.instances), *series.size)
    stack = series.geometry if series.is_volume else None  # one slice has a place but no other planes
    known = series.geometry if plane is Plane.NATIVE else stack
    view = PlaneView(shape, known, plane, in_plane(series))
    index = _checked(arguments.index, view.count)
    layers = _layers(arguments, series)
    return _Picture(load_series(series, console.context), view, index, index, layers)


def _checked(index: int | None, count: int) -> int:
    if index is None:
        return count // 2
    if not 0 <= index < count:
        raise UsageError(f"There is no image {index}.", f"Images count from 0 to {count - 1} here.")
    return index


def _layers(arguments: argparse.Namespace, series: Series) -> tuple[tuple[Mask, str], ...]:
    if arguments.overlay is None:
        return ()
    from medviewer.dicom.objects.seg import read_seg  # highdicom takes a second to import

    masks = read_seg(arguments.overlay, series)
    return tuple((mask, PALETTE[k % len(PALETTE)]) for k, mask in enumerate(masks))


def _window(picture: _Picture, series: Series, chosen: Window | None, auto: bool) -> Window:
    """The window asked for, else what the series is first shown with; MONOCHROME1 stays inverted."""
    window = chosen or (None if auto else first_window(series))
    if window is None:
        slice_index = picture.at if picture.view.plane is Plane.NATIVE else None
        window = auto_window(picture.volume, slice_index)
    return replace(window, invert=window.invert or (is_inverted(series) and not picture.volume.is_colour))


def _annotated(picture: _Picture, found: ScanResult, series: Series, window: Window) -> NDArray[np.uint8]:
    """In true proportions, enlarged, with the words the window writes."""
    view = picture.view
    size = display_size(view, max(_LONGEST, *view.shape))
    rgb = render(picture.volume, view, picture.at, window, picture.layers, size=size)
    native = view.plane is Plane.NATIVE
    planes = _overlay_planes(series.instances[picture.index]) if native else None
    if planes is not None:
        rgb = lay(rgb, resized(planes, size), NEUTRAL)
    patient, study = found.owner(series)
    words = corners(patient, study, series, picture.index if native else 0, window)
    if not native:
        place = f"{view.plane.capitalize()} {picture.index + 1} / {view.count}"
        words = Corners(words.top_left, words.top_right, (place, *words.bottom_left[1:]), words.bottom_right)
    ruler = size[1] / view.shape[1] / view.pixel_mm[1] if view.pixel_mm is not None else None
    bar = bar_of(picture.volume, window)
    return annotate(rgb, words, view.letters(picture.at), ruler, ruler_label=view.label(picture.at), bar=bar)


def _overlay_planes(instance: Instance) -> NDArray[np.bool_] | None:
    """The overlay planes of an image on its pixels; None where it has none that can be read."""
    if not instance.overlays:
        return None
    try:
        return union_on(planes_of(instance.path, instance.stamp).planes, instance)
    except (Broken, OSError) as error:
        raise UnreadableImage("The overlay planes of this image could not be read.") from error


def _png(rgb: NDArray[np.uint8], file: BinaryIO) -> None:
    Image.fromarray(rgb).save(file, "PNG")
