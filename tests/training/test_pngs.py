"""A training set that is not whole is said in one sentence, before anything is learned from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medviewer.errors import Cancelled
from medviewer.tasks import TaskContext
from medviewer.training import folders, pngs
from medviewer.training.pngs import BadData


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    paths = []
    for k in range(5):
        paths.append(tmp_path / f"p{k}.png")
        Image.fromarray(np.full((6, 8), 10 * k, np.uint8)).save(paths[-1])
    return paths


def test_that_pictures_come_in_the_order_asked_for(pictures: list[Path]) -> None:
    read = pngs.read_all(pictures[::-1], lambda grey: grey.astype(np.float16))
    assert read.shape == (5, 6, 8)
    assert read.dtype == np.float16
    assert read[:, 0, 0].tolist() == [40, 30, 20, 10, 0]


def test_that_a_colour_picture_is_read_as_grey_and_a_mask_as_its_numbers(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4, 3), 90, np.uint8)).save(tmp_path / "rgb.png")
    assert np.array_equal(pngs.read_grey(tmp_path / "rgb.png"), np.full((4, 4), 90))
    labels = Image.fromarray(np.array([[0, 1], [2, 3]], np.uint8)).convert("P")
    labels.putpalette([200, 10, 10] * 256)
    labels.save(tmp_path / "mask.png")
    assert pngs.read_labels(tmp_path / "mask.png").max() <= 3


def test_that_missing_pictures_are_counted_before_the_first_is_read(pictures: list[Path]) -> None:
    pictures[1].unlink()
    pictures[3].unlink()
    pictures[0].write_bytes(b"broken too, but never reached")
    with pytest.raises(
        BadData, match=r"2 of 5 pictures of the data set are missing, 'p1\.png' first"
    ) as caught:
        pngs.read_all(pictures, lambda grey: grey)
    assert caught.value.hint
    assert caught.value.exit_status == 3


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n torn", b"text"])
def test_that_a_broken_picture_is_named(pictures: list[Path], content: bytes) -> None:
    pictures[2].write_bytes(content)
    with pytest.raises(BadData, match=r"'p2\.png' cannot be read"):
        pngs.read_all(pictures, lambda grey: grey)
    with pytest.raises(BadData, match=r"mask 'p2\.png' cannot be read"):
        pngs.read_labels(pictures[2])


def test_that_reading_can_be_cancelled(pictures: list[Path]) -> None:
    context = TaskContext()
    context.cancel()
    with pytest.raises(Cancelled):
        pngs.read_all(pictures, lambda grey: grey, context)


def test_that_no_pictures_a_wrong_count_and_no_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="holds no pictures"):
        pngs.read_all([], lambda grey: grey)
    with pytest.raises(BadData, match="holds 3 pictures; 5840 were expected"):
        pngs.require_count("pictures", 3, 5840)
    with pytest.raises(BadData, match="'nowhere' is not there") as caught:
        pngs.require_folder(tmp_path / "nowhere")
    assert "MEDVIEWER_DATA" in caught.value.hint


def test_that_a_table_must_have_its_columns(tmp_path: Path) -> None:
    table = tmp_path / "mapping.csv"
    table.write_text("image,label\na.png,normal\n", encoding="utf-8")
    assert pngs.read_table(table, ("image", "label")) == [{"image": "a.png", "label": "normal"}]
    with pytest.raises(BadData, match=r"'mapping\.csv' has no column 'patient'"):
        pngs.read_table(table, ("image", "patient"))
    with pytest.raises(BadData, match=r"'none\.csv' cannot be read"):
        pngs.read_table(tmp_path / "none.csv", ("image",))


def test_that_arrays_are_read_without_pickles(tmp_path: Path) -> None:
    np.savez(tmp_path / "good.npz", a=np.arange(3))
    assert pngs.read_arrays(tmp_path / "good.npz", ["a"])["a"].tolist() == [0, 1, 2]
    with pytest.raises(BadData, match="lacks an array"):
        pngs.read_arrays(tmp_path / "good.npz", ["b"])
    np.savez(tmp_path / "evil.npz", a=np.array([{"x": 1}], dtype=object))
    with pytest.raises(BadData, match="cannot be read"):
        pngs.read_arrays(tmp_path / "evil.npz", ["a"])
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(BadData, match="cannot be read"):
        pngs.read_arrays(tmp_path / "torn.npz", ["a"])


def test_that_the_data_may_lie_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDVIEWER_DATA", str(tmp_path))
    assert folders.data() == tmp_path
    monkeypatch.delenv("MEDVIEWER_DATA")
    assert folders.data().parts[-2:] == ("shared", "data")
