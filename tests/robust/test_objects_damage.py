"""Damaged waveforms and parametric maps cost a sentence: nothing else leaves their readers."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from medviewer.dicom.elements import Broken
from medviewer.dicom.load import load_series
from medviewer.dicom.objects.waveform import read_waveform
from medviewer.dicom.scan import scan
from medviewer.errors import UnreadableImage
from medviewer.imaging.colour_bar import bar_of
from medviewer.imaging.render import auto_window
from medviewer.imaging.window import Window
from tests.dicom.maps import mapping, write_map
from tests.dicom.waves import group, sines, write_waveform

FILES = 1000
_BYTES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)


def damaged(data: bytes, number: int) -> bytes:
    """A few bytes changed, a piece left out, or the end cut off: always the same for a number."""
    rng = random.Random(number)
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        at = rng.randrange(128, len(out))
        kind = rng.randrange(8)
        if kind == 0:
            del out[at : at + rng.choice((1, 2, 4, 50))]
        elif kind == 1:
            out[at:at] = bytes(rng.choice(_BYTES) for _ in range(rng.choice((1, 2, 4))))
        else:
            out[at] = rng.choice((rng.choice(_BYTES), rng.randrange(256), out[at] ^ 1 << rng.randrange(8)))
    return bytes(out[: rng.randrange(132, len(out))] if rng.randrange(10) == 0 else out)


def test_that_damaged_waveforms_are_read_or_refused(tmp_path: Path) -> None:
    good = write_waveform(tmp_path / "a", group(sines(60)), group(sines(30, 3), "US")).read_bytes()
    read = refused = 0
    for number in range(FILES):
        (tmp_path / "b").write_bytes(damaged(good, number))
        try:
            found = read_waveform(tmp_path / "b")
        except Broken:
            refused += 1
            continue
        read += 1
        assert all(len(c.values) for g in found.groups for c in g.channels)
    assert read > FILES // 10
    assert refused > FILES // 10


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_that_damaged_maps_are_opened_or_refused(tmp_path: Path) -> None:
    values = np.linspace(0, 3000, 2 * 8 * 8, dtype=np.float32).reshape(2, 8, 8)
    path = write_map(tmp_path / "a", values, [mapping((0.0, 4000.0), slope=1e-6, intercept=0.0)])
    good = path.read_bytes()
    opened = refused = 0
    for number in range(FILES // 2):
        (tmp_path / "b").write_bytes(damaged(good, number))
        found = scan([tmp_path / "b"])
        refused += len(found.unreadable)
        for series in found.all_series():
            opened += 1
            try:
                volume = load_series(series)
            except UnreadableImage:
                continue
            window = auto_window(volume)
            assert isinstance(window, Window)
            bar_of(volume, window)
    assert opened > FILES // 20
    assert refused > FILES // 20
