"""The table that leads from an image's stored values to its own (Modality LUT, PS3.3 C.11.1), copied clean.

A presentation state replaces what the image says of its values, so it must bring the table along.
"""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset

from medviewer.dicom.evidence.codes import short_text
from medviewer.dicom.objects.guarded import Item, read_guarded
from medviewer.errors import UnreadableImage


def read_modality_lut(path: Path) -> tuple[Dataset, ...]:
    """The table of an image as the one item of a Modality LUT Sequence.

    Raises :class:`UnreadableImage` for a file without a usable table.
    """
    image, _ = read_guarded(path)
    item = image.first("ModalityLUTSequence")
    descriptor, data = item.shorts("LUTDescriptor"), item.raw("LUTData")
    entries = (descriptor[0] or 1 << 16) if len(descriptor) == 3 else 0
    if not entries or len(data) != 2 * entries:
        raise UnreadableImage("The image's table of values is not one that can be copied.")
    signed = next(iter(image.shorts("PixelRepresentation")), 0) == 1
    return (_item(item, descriptor, data, signed),)


def _item(item: Item, descriptor: tuple[int, ...], data: bytes, signed: bool) -> Dataset:
    count, first, bits = descriptor
    ds = Dataset()
    if signed and first > 0x7FFF:
        ds.add_new(
            "LUTDescriptor", "SS", [count - (1 << 16) if count > 0x7FFF else count, first - (1 << 16), bits]
        )
    else:
        ds.add_new("LUTDescriptor", "US", [count, first, bits])
    if words := short_text(item.text("LUTExplanation")):
        ds.LUTExplanation = words
    ds.ModalityLUTType = short_text(item.text("ModalityLUTType")) or "US"
    little = data if item.little else b"".join(data[k : k + 2][::-1] for k in range(0, len(data), 2))
    ds.add_new("LUTData", "OW", little)
    return ds
