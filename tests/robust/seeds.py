"""One small good file for every way pixels are stored: what the mutations begin with."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import imagecodecs
import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
)

from tests.factories import AXIAL, to_bytes
from tests.robust.makers import (
    DEFLATED_FRAMES,
    HTJ2K,
    J2K,
    JPEG,
    JPEG_12,
    JPEG_LOSSLESS,
    JPEG_LS,
    JPEG_PROGRESSIVE,
    LAID_OUT,
    XL,
    XL_LOSSLESS,
    coded,
    compressed,
    deflated,
    image,
    picture,
    rle,
)


@dataclass(frozen=True)
class Seed:
    """A good file, and where its pixel data element begins."""

    name: str
    data: bytes
    pixel: int

    @property
    def is_compressed(self) -> bool:
        """Whether a decoder must read the pixels."""
        return b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" in self.data


def enhanced() -> Dataset:
    """Three frames, each with its own place in functional groups."""
    ds = image(frames=3)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    measures, orientation, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.8, 0.5], 2.0
    orientation.ImageOrientationPatient = list(AXIAL)
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PlaneOrientationSequence = Sequence([orientation])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    groups = []
    for k in range(3):
        place, group = Dataset(), Dataset()
        place.ImagePositionPatient = [-10.0, -20.0, 2.0 * k]
        group.PlanePositionSequence = Sequence([place])
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return ds


def palette() -> Dataset:
    """Indices into three tables of 256 colours."""
    ds = image(bits=8)
    ds.PhotometricInterpretation = "PALETTE COLOR"
    for k, name in enumerate(("Red", "Green", "Blue")):
        table = ((np.arange(256) * (k + 1)) % 256 * 257).astype("<u2")
        ds.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        ds.add_new(f"{name}PaletteColorLookupTableData", "OW", table.tobytes())
    return ds


def segmented_palette() -> Dataset:
    """The same indices into tables told by segments: entries as they are, a line, and the first again."""
    ds = palette()
    for name in ("Red", "Green", "Blue"):
        words = [0, 2, 0, 257, 1, 124, 0x7FFF, 1, 128, 0xFFFF, 2, 1, 0, 0]
        del ds[f"{name}PaletteColorLookupTableData"]
        ds.add_new(f"Segmented{name}PaletteColorLookupTableData", "OW", np.array(words, "<u2").tobytes())
    return ds


def value_table() -> Dataset:
    """A Modality LUT in place of slope and intercept: entry k is 3 k."""
    ds, item = image(bits=8), Dataset()
    del ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType
    item.add_new("LUTDescriptor", "US", [256, 0, 16])
    item.ModalityLUTType = "US"
    item.add_new("LUTData", "OW", (np.arange(256) * 3).astype("<u2").tobytes())
    ds.ModalityLUTSequence = Sequence([item])
    return ds


def written_as(ds: Dataset, syntax: str) -> Dataset:
    """``ds`` in another uncompressed encoding."""
    ds.file_meta.TransferSyntaxUID = syntax
    ds["PixelData"].VR = "OW"
    if syntax == ExplicitVRBigEndian and ds.BitsAllocated == 16:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
    return ds


def _ybr_422() -> Dataset:
    ds = image(8, 3)
    ds.PhotometricInterpretation, ds.PixelData = "YBR_FULL_422", bytes(range(256)) * 10 + bytes(80)
    return ds


def _big_endian_bytes() -> Dataset:
    """Bytes in words whose halves changed places (PS3.5 annex D)."""
    ds = written_as(image(8), ExplicitVRBigEndian)
    ds.PixelData = np.frombuffer(picture(8).tobytes(), "<u2").byteswap().tobytes()
    return ds


def _plain_ybr() -> Dataset:
    """JPEG 2000 of luminance and colour differences without a transform of its own."""
    stream = imagecodecs.jpeg2k_encode(picture(8, 3), level=0, reversible=True, codecformat="j2k", mct=False)
    ds = compressed(image(8, 3), J2K, [bytes(stream)])
    ds.PhotometricInterpretation = "YBR_FULL"
    return ds


def _many_bits() -> Dataset:
    """Three frames of single bits, each deflated on its own."""
    ds = _one_bit()
    ds.NumberOfFrames = 3
    return compressed(ds, DEFLATED_FRAMES, [deflated(bytes(range(165)))] * 3)


def _one_bit() -> Dataset:
    ds = image(8)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 1, 1, 0
    ds.PixelData = bytes(range(166))
    return ds


def _float() -> Dataset:
    ds = image(8)
    del ds.PixelData
    ds.BitsAllocated = 32
    ds.FloatPixelData = picture(8).astype("<f4").tobytes()
    return ds


def _jpeg_variant(**how: object) -> Dataset:
    """A colour JPEG with the markers that Pillow can write: progressive, subsampled."""
    file = BytesIO()
    Image.fromarray(picture(8, 3)).save(file, "JPEG", **how)
    ds = compressed(image(8, 3), JPEG_PROGRESSIVE if "progressive" in how else JPEG, [file.getvalue()])
    ds.PhotometricInterpretation = "YBR_FULL_422"
    return ds


def _lossless_turbo() -> Dataset:
    """Lossless JPEG with another predictor, by another encoder."""
    stream = bytes(imagecodecs.jpeg8_encode(picture(12), lossless=True, predictor=6, bitspersample=12))
    return compressed(image(12), "1.2.840.10008.1.2.4.57", [stream])


def _near_lossless() -> Dataset:
    stream = bytes(imagecodecs.jpegls_encode(picture(), level=3))
    return compressed(image(), "1.2.840.10008.1.2.4.81", [stream], parts=3)


def _jp2() -> Dataset:
    stream = imagecodecs.jpeg2k_encode(picture(8, 3), level=0, reversible=True, codecformat="jp2")
    return compressed(image(8, 3), J2K, [bytes(stream)])


def _zip() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("in/a.dcm"), to_bytes(image()), zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("b.dcm"), to_bytes(rle()))
    return file.getvalue()


def directory() -> Dataset:
    """A DICOMDIR that names the one file beside it."""
    ds, record = Dataset(), Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", ["IMAGE"]
    ds.DirectoryRecordSequence = Sequence([record])
    return ds


MAKERS: dict[str, Callable[[], Dataset | bytes]] = {
    "explicit": lambda: written_as(image(), ExplicitVRLittleEndian),
    "implicit": lambda: written_as(image(), ImplicitVRLittleEndian),
    "big endian": lambda: written_as(image(), ExplicitVRBigEndian),
    "deflated": lambda: written_as(image(), DeflatedExplicitVRLittleEndian),
    "colour": lambda: image(8, 3),
    "ybr 422": _ybr_422,
    "one bit": _one_bit,
    "float": _float,
    "palette": palette,
    "value table": value_table,
    "enhanced": enhanced,
    "enhanced implicit": lambda: written_as(enhanced(), ImplicitVRLittleEndian),
    "rle": rle,
    "rle colour": lambda: rle(8, 3, 2),
    "jpeg": lambda: coded(JPEG, 8),
    "jpeg colour": lambda: coded(JPEG, 8, 3),
    "jpeg 12 bit": lambda: coded(JPEG_12, 12),
    "lossless jpeg": lambda: coded(JPEG_LOSSLESS),
    "jpeg-ls": lambda: coded(JPEG_LS),
    "jpeg-ls colour": lambda: coded(JPEG_LS, 8, 3, 2),
    "jpeg 2000": lambda: coded(J2K),
    "jpeg 2000 colour": lambda: coded(J2K, 8, 3),
    "htj2k": lambda: coded(HTJ2K),
    "htj2k colour": lambda: coded(HTJ2K, 8, 3, 2),
    "jpeg progressive": lambda: _jpeg_variant(progressive=True, quality=90),
    "jpeg subsampled": lambda: _jpeg_variant(subsampling=2, quality=90),
    "jpeg-ls near lossless": _near_lossless,
    "jp2": _jp2,
    "lossless jpeg, predictor 6": _lossless_turbo,
    "jpeg xl": lambda: coded(XL_LOSSLESS),
    "jpeg xl 8 bit": lambda: coded(XL_LOSSLESS, 8),
    "jpeg xl colour": lambda: coded(XL, 8, 3, 2),
    "jpeg xl lossy": lambda: coded(XL, 12),
    "encapsulated uncompressed": lambda: coded(LAID_OUT, 16, 1, 2),
    "deflated frames": lambda: coded(DEFLATED_FRAMES, 8, 3, 2),
    "deflated bits": _many_bits,
    "deflated enhanced": lambda: written_as(enhanced(), DeflatedExplicitVRLittleEndian),
    "big endian bytes": _big_endian_bytes,
    "jpeg 2000 ybr": _plain_ybr,
    "segmented palette": segmented_palette,
    "zip": _zip,
    "dicomdir": directory,
}


@lru_cache(maxsize=1)
def seeds() -> list[Seed]:
    """All seeds, in a fixed order."""
    found = []
    for name, make in MAKERS.items():
        made = make()
        data = made if isinstance(made, bytes) else to_bytes(made)
        places = [data.rfind(tag) for tag in (b"\xe0\x7f\x10\x00", b"\xe0\x7f\x08\x00", b"\x7f\xe0\x00\x10")]
        found.append(Seed(name, data, max(places) if max(places) > 132 else len(data) // 2))
    return found
