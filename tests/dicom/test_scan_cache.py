"""Headers are read once: again only when the file changed, and never kept past the limit."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from medviewer.dicom.elements import Broken
from medviewer.dicom.header import Facts, read_header
from medviewer.dicom.scan_cache import ScanCache
from tests.factories import make_ct_series

_LATER_NS = 60_000_000_000


class Reader:
    """Counts what is read."""

    def __init__(self) -> None:
        self.read: list[Path] = []

    def __call__(self, path: Path) -> list[Facts]:
        self.read.append(path)
        return read_header(path)


def cache_of(reader: Reader, limit: int = 100, later_ns: int = _LATER_NS) -> ScanCache:
    """A cache whose clock runs ahead of the files just written."""
    return ScanCache(limit, lambda: time.time_ns() + later_ns, reader)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    make_ct_series(tmp_path, slices=4)
    return sorted(tmp_path.glob("*"))


def test_a_file_is_read_once(files: list[Path]) -> None:
    reader = Reader()
    cache = cache_of(reader)
    first = [cache.facts(path) for path in files]
    assert [cache.facts(path) for path in files] == first
    assert reader.read == files


def test_a_file_that_changed_is_read_again(files: list[Path]) -> None:
    reader = Reader()
    cache = cache_of(reader)
    before = cache.facts(files[0])
    os.utime(files[0], ns=(1, 1))
    assert cache.facts(files[0]) != before  # its stamp at least
    assert len(reader.read) == 2


def test_a_file_changed_just_now_is_not_trusted(files: list[Path]) -> None:
    reader = Reader()
    cache = cache_of(reader, later_ns=0)
    for _ in range(2):
        cache.facts(files[0])
    assert len(reader.read) == 2


def test_junk_is_remembered_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("no image")
    reader = Reader()
    cache = cache_of(reader)
    for _ in range(2):
        with pytest.raises(Broken, match="Not a DICOM file"):
            cache.facts(path)
    assert reader.read == [path]


def test_a_file_that_went_away_is_missed(files: list[Path]) -> None:
    cache = cache_of(Reader())
    cache.facts(files[0])
    files[0].unlink()
    with pytest.raises(FileNotFoundError):
        cache.facts(files[0])


def test_the_longest_unused_is_forgotten_first(files: list[Path]) -> None:
    reader = Reader()
    cache = cache_of(reader, limit=2)
    for k in (0, 1, 0, 2, 0, 1):
        cache.facts(files[k])
    assert reader.read == [files[k] for k in (0, 1, 2, 1)]


def test_forgetting_forgets_all(files: list[Path]) -> None:
    reader = Reader()
    cache = cache_of(reader)
    cache.facts(files[0])
    cache.forget()
    cache.facts(files[0])
    assert len(reader.read) == 2
