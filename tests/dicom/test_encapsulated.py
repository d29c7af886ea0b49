"""The bytes of a compressed frame: from one fragment or several, however large the file is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, itemize_fragment
from pydicom.uid import JPEGLSLossless

from medviewer.dicom import encapsulated
from medviewer.dicom.encapsulated import frame_spans, read_frame, read_spans
from medviewer.dicom.header import read_header
from medviewer.dicom.study import Instance
from medviewer.errors import UnreadableImage
from tests.factories import make_instance, save

STREAM = bytes(range(1, 101))


def written(path: Path, pixel_data: bytes) -> Instance:
    """A file with these fragments; its facts."""
    ds: Dataset = make_instance()
    ds.file_meta.TransferSyntaxUID = JPEGLSLossless
    ds.PixelData = pixel_data
    ds["PixelData"].is_undefined_length = True
    ds.DataSetTrailingPadding = b"\0" * 64
    save(ds, path)
    return read_header(path)[0].instance


@pytest.mark.parametrize("at_once", [0, 1 << 26])
@pytest.mark.parametrize("parts", [1, 3])
def test_that_one_frame_is_all_its_fragments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: int, at_once: int
) -> None:
    monkeypatch.setattr(encapsulated, "_AT_ONCE", at_once)
    step = -(-len(STREAM) // parts // 2) * 2
    pieces = [STREAM[k : k + step] for k in range(0, len(STREAM), step)]
    data = b"\xfe\xff\x00\xe0\0\0\0\0" + b"".join(itemize_fragment(piece) for piece in pieces)
    instance = written(tmp_path / "a.dcm", data)
    spans = frame_spans(instance.path, instance)[0]
    assert len(spans) == parts
    assert read_frame(instance.path, instance) == read_spans(instance.path, instance, spans) == STREAM


def test_that_a_file_exchanged_after_the_scan_is_refused(tmp_path: Path) -> None:
    instance = written(tmp_path / "a.dcm", encapsulate([STREAM]))
    os.utime(instance.path, ns=(1, 1))
    with pytest.raises(UnreadableImage, match="changed"):
        read_frame(instance.path, instance)


def test_that_fragments_beyond_the_end_are_refused(tmp_path: Path) -> None:
    instance = written(tmp_path / "a.dcm", encapsulate([STREAM]))
    whole = instance.path.read_bytes()
    spoiled = whole.replace(len(STREAM).to_bytes(4, "little") + STREAM, b"\xff\xff\xff\x7f" + STREAM)
    assert spoiled != whole
    instance.path.write_bytes(spoiled)
    os.utime(instance.path, ns=(instance.stamp[1], instance.stamp[1]))
    with pytest.raises(UnreadableImage, match="cut short"):
        read_frame(instance.path, instance)
