"""Voxels beyond the budget lie in a private file; a disk without room is said so before anything breaks."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from medviewer.dicom.load import SeriesLoader, load_series
from medviewer.dicom.room import available_bytes, make_room
from medviewer.dicom.scan import scan
from medviewer.errors import UnreadableImage
from tests.factories import make_ct_series

SHAPE, KIND = (10, 16, 12), np.dtype(np.int16)
SIZE = 10 * 16 * 12 * 2


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDVIEWER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_within_the_budget_it_is_memory(home: Path) -> None:
    voxels, on_disk = make_room(SHAPE, KIND, SIZE)
    assert not on_disk
    assert not voxels.any()
    assert not home.exists()


def test_beyond_the_budget_it_is_a_file_without_a_name(home: Path) -> None:
    voxels, on_disk = make_room(SHAPE, KIND, SIZE - 1)
    assert on_disk
    assert voxels.shape == SHAPE
    assert voxels.dtype == KIND
    assert not voxels.any()
    voxels[3] = 7
    assert voxels.sum() == 7 * 16 * 12
    assert list((home / "cache").iterdir()) == []


def test_a_series_on_the_disk_is_the_same_volume(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct")
    (series,) = scan([tmp_path / "ct"]).all_series()
    loader = SeriesLoader(series, budget=0)
    assert loader.on_disk
    volume = loader.load()
    np.testing.assert_array_equal(volume.voxels, load_series(series).voxels)
    assert not volume.voxels.flags.writeable


def test_a_full_disk_is_told_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=SIZE))
    with pytest.raises(UnreadableImage, match="neither into the memory nor onto the disk"):
        make_room(SHAPE, KIND, 0)


def test_a_size_beyond_all_bounds_is_one_sentence() -> None:
    with pytest.raises(UnreadableImage):
        make_room((1 << 40, 1 << 20, 4), KIND, 1 << 30)


def test_available_memory_is_believable() -> None:
    assert 1 << 20 < available_bytes() < 1 << 50
