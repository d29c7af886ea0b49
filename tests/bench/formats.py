"""Every way pixels are stored, generated and real: ours against the others from the folder to every voxel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from struct import pack

import imagecodecs
import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813 - the name its own documentation uses
from numpy.typing import NDArray
from pydicom.encaps import encapsulate

from medviewer.dicom.load import load_series, thumbnail
from medviewer.dicom.scan import scan
from medviewer.dicom.scan_cache import remembered
from medviewer.imaging.volume import Volume
from tests.bench import peers
from tests.bench.clock import Row, in_turns

_SLICES = 100
_PICTURE_SIDE = 512
_OTHERS = {"pydicom": "pydicom alone", "bytes": "reading the bytes"}


def _rle(values: NDArray[np.uint16]) -> bytes:
    """One segment for each byte of a sample, the high one first (PS3.5 annex G)."""
    segments = []
    for shift in (8, 0):
        packed = imagecodecs.packbits_encode((values >> shift).astype(np.uint8))
        segments.append(packed + b"\0" * (len(packed) % 2))
    return pack("<16I", 2, 64, 64 + len(segments[0]), *[0] * 13) + b"".join(segments)


def _jpeg_2000(values: NDArray[np.uint16]) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(values, codecformat="j2k", reversible=True, level=0))


KINDS: dict[str, tuple[str, float, Callable[[NDArray[np.uint16]], bytes]]] = {
    "JPEG-LS": ("1.2.840.10008.1.2.4.80", 0.45, lambda values: bytes(imagecodecs.jpegls_encode(values))),
    "RLE": ("1.2.840.10008.1.2.5", 0.1, _rle),
    "JPEG 2000": ("1.2.840.10008.1.2.4.90", 0.85, _jpeg_2000),
}
"""Name → transfer syntax, largest ratio wanted against SimpleITK, encoder."""
_REAL = {
    "A0001, JPEG 2000": ("ct_chest_A0001/series2_5mm", 0.85),
    "studyforrest, JPEG-LS": ("mr_brain_t1_studyforrest", 0.45),
    "A0002, RLE": ("ct_chest_A0002/series2", 0.1),
}


def write_compressed(source: Path, folder: Path, kind: str, slices: int = _SLICES) -> None:
    """The first ``slices`` of an uncompressed series again, compressed without loss."""
    syntax, _, encode = KINDS[kind]
    folder.mkdir()
    for path in sorted(source.glob("*.dcm"))[:slices]:
        dataset = pydicom.dcmread(path)
        stored = dataset.pixel_array.clip(0, 4095).astype(np.uint16)  # as scanners write it
        dataset.PixelData = encapsulate([encode(stored)])
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
        dataset.PixelRepresentation = 0
        dataset.save_as(folder / path.name)


def open_folder(folder: Path) -> Volume:
    """The largest series of a folder."""
    remembered.forget()
    series = max(scan([folder]).all_series(), key=lambda s: len(s.instances))
    return load_series(series)


def measure(source: Path, place: Path, repeats: int = 3) -> list[Row]:
    """Generated and real, each against all the others; ``source`` is the uncompressed series."""
    rows = after_scan(source, repeats)
    rows += _against_all("300 slices, uncompressed", source, 0.7, repeats)
    for kind, (_, aim, _) in KINDS.items():
        folder = place / kind
        write_compressed(source, folder, kind)
        rows += _against_all(f"{_SLICES} slices, {kind}", folder, aim, repeats)
    for name, (where, aim) in _REAL.items():
        if (peers.SHARED / where).is_dir():
            rows += _against_all(name, peers.SHARED / where, aim, repeats)
    return rows


def after_scan(folder: Path, repeats: int = 3) -> list[Row]:
    """Pixels alone: both know already which files make the series."""
    (series,) = scan([folder]).all_series()
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    taken = in_turns({"ours": lambda: load_series(series), "itk": reader.Execute}, repeats)
    name = "300 slices, uncompressed, after the scan"
    return [Row(name, taken["ours"], "s", "SimpleITK, files known", taken["itk"], 0.3)]


def _against_all(name: str, folder: Path, aim: float, repeats: int) -> list[Row]:
    _require_equal(folder)
    taken = in_turns(
        {
            "ours": lambda: open_folder(folder),
            "itk": lambda: peers.simpleitk(folder),
            "pydicom": lambda: peers.pydicom_alone(folder),
            "bytes": lambda: peers.raw_bytes(folder),
        },
        repeats,
    )
    rows = [Row(name, taken["ours"], "s", "SimpleITK ImageSeriesReader", taken["itk"], aim)]
    rows += [Row(name, taken["ours"], "s", words, taken[key]) for key, words in _OTHERS.items()]
    return rows + _pictures(name, folder, repeats)


def _require_equal(folder: Path) -> None:
    """Times mean nothing where the readers disagree about the voxels."""
    ours = open_folder(folder).voxels
    theirs = sitk.GetArrayFromImage(peers.simpleitk(folder))
    if not any(np.array_equal(ours, other) for other in (theirs, theirs[::-1])):
        raise AssertionError(f"the readers disagree about {folder.name}, so their times mean nothing")


def _pictures(name: str, folder: Path, repeats: int) -> list[Row]:
    """A file to a windowed grey picture: ours within the program, theirs as a process for each."""
    theirs = peers.dcm2pnm(folder)
    if theirs is None:
        return []
    work, count = theirs
    paths = sorted(folder.glob("*.dcm"))[:count]

    def ours() -> None:
        remembered.forget()
        for path in paths:
            (series,) = scan([path]).all_series()
            thumbnail(series, _PICTURE_SIDE)

    taken = in_turns({"ours": ours, "theirs": work}, repeats)
    each = {key: value / count * 1e3 for key, value in taken.items()}
    return [
        Row(f"{name}: one file to a picture", each["ours"], "ms", "dcm2pnm, a process each", each["theirs"])
    ]
