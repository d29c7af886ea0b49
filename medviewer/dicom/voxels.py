"""Stored values to voxels: the type that holds them, rescaling in place, padding (PS3.3 C.11.1)."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom.study import Instance, Series
from medviewer.dicom.tables import apply_modality_lut
from medviewer.dicom.walk import file_status
from medviewer.errors import UnreadableImage
from medviewer.imaging.volume import Unit

_DIRECT = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"})
_INT16 = np.iinfo(np.int16)
_AIR_HU = -1024


def volume_dtype(series: Series) -> np.dtype[Any]:
    """uint8 for RGB; int16 where rescaled values are whole numbers that fit; else float32, or float64 where
    stored values have more than its 24 bits.

    HU beyond -32768..32767 mean nothing (padding, at most): whole HU are always int16, saturated.
    """
    if series.unit is Unit.RGB:
        return np.dtype(np.uint8)
    fits = _is_whole if series.unit is Unit.HU else _fits_int16
    whole = all(fits(instance) for instance in series.instances)
    if whole:
        return np.dtype(np.int16)
    return np.dtype(np.float64 if any(_is_fine(i) for i in series.instances) else np.float32)


def _is_fine(instance: Instance) -> bool:
    """Whether a float of 32 bits would round stored values."""
    pixels = instance.pixels
    if instance.modality_lut:
        return False
    return pixels.bits_allocated > 32 if pixels.float_pixels else pixels.bits_stored > 24


def _is_whole(instance: Instance) -> bool:
    if instance.pixels.float_pixels or instance.modality_lut or instance.pixels.bits_stored > 16:
        return False
    if instance.value_map is not None:  # which may leave pixels without a value
        return False
    return instance.slope.is_integer() and instance.intercept.is_integer() and abs(instance.intercept) < 32768


def _fits_int16(instance: Instance) -> bool:
    if not _is_whole(instance):
        return False
    half = 1 << (instance.pixels.bits_stored - 1)
    ends = (-half, half - 1) if instance.pixels.signed else (0, 2 * half - 1)
    rescaled = [end * instance.slope + instance.intercept for end in ends]
    return min(rescaled) >= _INT16.min and max(rescaled) <= _INT16.max


def is_direct(instance: Instance, dtype: np.dtype[Any]) -> bool:
    """Whether the bytes of the file are the array's own: then they are read in place."""
    pixels = instance.pixels
    return (
        pixels.transfer_syntax in _DIRECT
        and pixels.bits_allocated == 16
        and pixels.samples == 1
        and pixels.photometric != "PALETTE COLOR"
        and dtype == np.int16
        and (instance.slope == 1 or _fits_int16(instance))
        and sys.byteorder == "little"
    )


def read_into(instance: Instance, target: NDArray[Any]) -> None:
    """Read uncompressed 16-bit pixels straight into ``target`` and rescale in place."""
    size = target.nbytes
    try:
        with instance.path.open("rb", buffering=0) as file:
            if file_status(file) != instance.stamp:
                raise UnreadableImage("The file changed since it was opened.")
            file.seek((instance.pixels.offset or 0) + instance.frame * size)
            got = file.readinto(target.reshape(-1).view(np.uint8).data)
    except OSError as error:
        raise UnreadableImage("The image file could not be read.") from error
    if got != size:
        raise UnreadableImage("The file is cut short within its pixel data.")
    spare = 16 - instance.pixels.bits_stored
    if spare and instance.pixels.signed:
        np.left_shift(target, spare, out=target)
        np.right_shift(target, spare, out=target)
    elif spare:
        np.bitwise_and(target, (1 << instance.pixels.bits_stored) - 1, out=target)
    if not _fits_int16(instance):
        stored = target if instance.pixels.signed else target.view(np.uint16)
        _saturate(stored, instance, stored)
    _rescale(target, instance)


def _rescale(target: NDArray[Any], instance: Instance) -> None:
    """Whole slope and intercept in place, modulo 2**16: exact wherever the result fits int16."""
    if instance.slope != 1:
        np.multiply(target, np.int64(instance.slope).astype(np.int16), out=target)
    if instance.intercept:
        np.add(target, np.int16(instance.intercept), out=target)


def _saturate(stored: NDArray[Any], instance: Instance, out: NDArray[Any]) -> None:
    """Limit 16-bit stored values so that adding the intercept cannot leave int16 (addition modulo 2**16)."""
    kind = np.iinfo(stored.dtype)
    low = max(kind.min, int(_INT16.min - instance.intercept))
    high = min(kind.max, int(_INT16.max - instance.intercept))
    np.clip(stored, low, high, out=out)


def write_values(stored: NDArray[Any], instance: Instance, target: NDArray[Any]) -> None:
    """Rescale stored values (or copy RGB) into ``target``: stored * slope + intercept, per image."""
    if stored.shape != target.shape:
        raise UnreadableImage("The decoded image has another size than its header says.")
    if target.ndim == 3:
        target[...] = stored
    elif instance.value_map is not None:
        with np.errstate(over="ignore"):  # beyond what single precision holds: infinite
            target[...] = instance.value_map.apply(stored)
    elif instance.modality_lut:
        target[...] = apply_modality_lut(stored, instance)
    elif target.dtype == np.int16 and _fits_int16(instance):
        np.copyto(target, stored, casting="unsafe")  # modulo 2**16 on the way, exact at the end
        _rescale(target, instance)
    elif target.dtype == np.int16 and instance.slope == 1 and stored.dtype.itemsize == 2:
        _saturate(stored, instance, target.view(stored.dtype))
        _rescale(target, instance)
    elif target.dtype == np.int16:
        values = stored.astype(np.int32) * int(instance.slope) + int(instance.intercept)
        np.clip(values, _INT16.min, _INT16.max, out=target, casting="unsafe")
    else:
        np.multiply(stored, instance.slope, out=target, casting="unsafe", dtype=np.float64)
        np.add(target, target.dtype.type(instance.intercept), out=target)


def padding_range(instance: Instance, dtype: np.dtype[Any]) -> tuple[float, float] | None:
    """The padding values after rescaling, as a volume of ``dtype`` holds them."""
    if instance.padding is None or instance.modality_lut:
        return None
    if instance.value_map is not None or instance.pixels.float_pixels:
        return _float_padding(instance, instance.padding, dtype)
    ends = [value * instance.slope + instance.intercept for value in instance.padding]
    if dtype == np.int16:
        ends = [float(np.clip(end, _INT16.min, _INT16.max)) for end in ends]
    return min(ends), max(ends)


def _float_padding(
    instance: Instance, padding: tuple[float, float], dtype: np.dtype[Any]
) -> tuple[float, float] | None:
    """Padding as the voxels round it; None where the real-world mapping gives it no value anyway."""
    ends = np.empty(2, dtype)
    write_values(np.array(padding), instance, ends)
    return (float(ends.min()), float(ends.max())) if np.isfinite(ends).all() else None


def series_padding(series: Series, dtype: np.dtype[Any]) -> tuple[float, float] | None:
    """One padding range for a whole series, though not every image may name it, or rescale it alike.

    Where images differ, HU below air are joined to one range (nothing of a patient lies there); of other
    values only the first image's range is believed.
    """
    each = (padding_range(instance, dtype) for instance in series.instances)
    ranges = list(dict.fromkeys(found for found in each if found is not None))
    if not ranges:
        return None
    highest = max(high for _, high in ranges)
    if series.unit is Unit.HU and highest < _AIR_HU:
        return min(low for low, _ in ranges), highest
    return ranges[0]
