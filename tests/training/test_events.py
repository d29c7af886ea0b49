"""The TensorBoard log is what TensorBoard reads: records, checksums and messages."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from medviewer.training.charts import png
from medviewer.training.events import EventWriter, crc32c, record


def test_that_the_checksum_is_that_of_rfc_3720() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43


def test_that_a_record_is_length_bytes_and_two_masked_checksums() -> None:
    made = record(b"abc")
    assert struct.unpack("<Q", made[:8]) == (3,)
    assert made[12:15] == b"abc"
    assert len(made) == 8 + 4 + 3 + 4
    (masked,) = struct.unpack("<I", made[15:])
    rotated = (masked - 0xA282EAD8) & 0xFFFFFFFF
    assert ((rotated >> 17) | (rotated << 15)) & 0xFFFFFFFF == crc32c(b"abc")


def _write(folder: Path) -> Path:
    writer = EventWriter(folder)
    writer.scalars({"train/loss": 0.25, "train/rate": 1e-3}, 7)
    writer.scalars({"train/loss": 0.125}, 300)
    writer.picture("a slice", png(np.full((6, 9, 3), 77, np.uint8)), (6, 9), 300)
    writer.close()
    return writer.path


def test_that_a_file_holds_version_scalars_and_pictures(tmp_path: Path) -> None:
    content, messages = _write(tmp_path).read_bytes(), []
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        messages.append(content[12 : 12 + length])
        content = content[16 + length :]
    assert len(messages) == 4
    assert b"brain.Event:2" in messages[0]
    # summary { value { tag: "train/loss" simple_value: 0.25 } }
    assert b"\x0a\x0atrain/loss\x15" + struct.pack("<f", 0.25) in messages[1]
    assert b"\x10\x07" in messages[1]  # step: 7
    assert b"\x10\xac\x02" in messages[2]  # step: 300
    assert b"\x89PNG" in messages[3]


def test_that_tensorboard_itself_reads_it(tmp_path: Path) -> None:
    module = "tensorboard.backend.event_processing.event_accumulator"
    peer = pytest.importorskip(module, reason="TensorBoard is not installed: its own reader is left out")
    _write(tmp_path)
    read = peer.EventAccumulator(str(tmp_path)).Reload()
    assert [(e.step, e.value) for e in read.Scalars("train/loss")] == [(7, 0.25), (300, 0.125)]
    (image,) = read.Images("a slice")
    assert (image.height, image.width) == (6, 9)
