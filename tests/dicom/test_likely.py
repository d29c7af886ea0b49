"""Which files are tried first: from the middle of the largest folder, and never more than a few thousand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medviewer.dicom import likely as module
from medviewer.dicom.likely import likely, likely_name, spread


def fill(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


@given(count=st.integers(0, 60), most=st.integers(0, 70))
def test_that_spread_takes_the_middle_first_and_each_item_once(count: int, most: int) -> None:
    found = list(spread(range(count), most))
    assert len(found) == len(set(found)) == min(count, most)
    assert set(found) <= set(range(count))
    if found:
        assert found[0] == (count - 1) // 2


def test_that_the_largest_folder_comes_first_from_its_middle(tmp_path: Path) -> None:
    fill(tmp_path / "a", ["1", "2"])
    fill(tmp_path / "b" / "deep", [f"{k:02d}" for k in range(9)])
    found = [path.relative_to(tmp_path).as_posix() for path in likely([tmp_path])]
    assert found[0] == "b/deep/04"
    assert found.index("a/1") == 8  # eight of the largest, then the next folder


def test_that_a_file_stands_for_itself_and_what_is_no_image_file_is_left_out(tmp_path: Path) -> None:
    fill(tmp_path / "folder", ["DICOMDIR", "dicomdir", "x"])
    os.mkfifo(tmp_path / "folder" / "pipe")
    (tmp_path / "folder" / "loop").symlink_to(tmp_path / "folder" / "loop")
    (tmp_path / "folder" / "up").symlink_to(tmp_path)
    paths = [tmp_path / "folder", tmp_path / "folder" / "x", tmp_path / "absent"]
    assert list(likely(paths)) == [tmp_path / "folder" / "x"] * 2


def test_that_the_entries_looked_at_do_not_grow_with_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0

    def counted(entries: Iterator[object], most: int) -> Iterator[object]:
        nonlocal looked
        for _, entry in zip(range(most), entries, strict=False):
            looked += 1
            yield entry

    monkeypatch.setattr(module, "_PER_FOLDER", 20)
    monkeypatch.setattr(module, "_ENTRIES", 50)
    monkeypatch.setattr(module, "islice", counted)
    for folder in ("a", "b", "c", "d"):
        fill(tmp_path / folder, [f"{k:03d}" for k in range(100)])
    assert next(likely([tmp_path]))
    assert looked == 50


def test_that_of_a_zip_the_middle_of_the_largest_folder_is_likely() -> None:
    names = ["readme", "s1/3", "s1/1", "s1/2", "s2/1"]
    assert names[likely_name(names)] == "s1/2"
