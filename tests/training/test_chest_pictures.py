"""Chest pictures lie under their masks, at their true aspect ratio, and right is the patient's right."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer import paths
from medviewer.training import chest_pictures
from medviewer.training.chest_pictures import HEART, LEFT, RIGHT, adults, children, contours, filled, sides
from medviewer.training.chest_steps import SIZE
from medviewer.training.mask_task import IGNORE
from medviewer.training.pngs import BadData, read_table
from tests.training import chest_sets
from tests.training.chest_sets import two_lungs, write_adults, write_children, write_table

Bool2 = NDArray[np.bool_]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The heart was drawn on picture 0 alone."""
    monkeypatch.setattr(chest_pictures, "contours", lambda: {"0.png": chest_sets.HEART})


def box(mask: Bool2) -> tuple[int, int, int, int]:
    """First and last row, first and last column."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


def test_lists_that_name_no_picture_are_a_sentence(tmp_path: Path) -> None:
    listed = write_adults(tmp_path, ["a"]) / "index.csv"
    listed.write_text(listed.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    with pytest.raises(BadData):
        adults(tmp_path)


@pytest.mark.parametrize("content", ['{"contours": 3}', "[]", "{", '{"contours": {"a": [3]}}'])
def test_outlines_of_hearts_that_are_none_are_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr(paths, "models", lambda: tmp_path)
    (tmp_path / "cxr-anatomy").mkdir()
    (tmp_path / "cxr-anatomy" / "heart_contours.json").write_text(content, encoding="utf-8")
    with pytest.raises(BadData, match="outlines of the hearts"):
        contours()


# --- curves and sides --------------------------------------------------------------------------------------


def test_a_curve_through_points_of_a_circle_is_the_circle() -> None:
    """x runs along the columns, y along the rows; the picture is no square, so that a swap shows."""
    turns = np.arange(16) * 2 * np.pi / 16
    points = [(260 + 100 * np.cos(t), 130 + 100 * np.sin(t)) for t in turns]
    inside = filled(points, (300, 400))
    rows, columns = np.mgrid[:300, :400]
    distance = np.hypot(columns - 260, rows - 130)
    assert inside[distance < 98.5].all()
    assert not inside[distance > 101.5].any()


@pytest.mark.parametrize("points", [[], [(3.0, 3.0)], [(3.0, 3.0), (8.0, 3.0)]])
def test_fewer_than_three_points_hold_nothing(points: list[tuple[float, float]]) -> None:
    assert filled(points, (12, 9)).shape == (12, 9)
    assert not filled(points, (12, 9)).any()


def test_the_lung_on_the_left_of_the_picture_is_the_right_one() -> None:
    right, left = two_lungs()
    found = sides(right | left)
    assert np.array_equal(found[0], right)
    assert np.array_equal(found[1], left)


def test_a_lung_in_two_pieces_stays_on_its_side() -> None:
    right, left = two_lungs()
    right[250:260] = False
    found = sides(right | left)
    assert np.array_equal(found[0], right)
    assert np.array_equal(found[1], left)


def test_lungs_that_touch_are_parted_where_they_are_narrowest() -> None:
    right, left = two_lungs()
    bridge = np.zeros(right.shape, bool)
    bridge[300:304, 160:240] = True
    found = sides(right | left | bridge)
    assert np.array_equal(found[0] | found[1], right | left | bridge)
    assert not (found[0] & found[1]).any()
    assert found[0][right].all()
    assert found[1][left].all()


def test_a_stray_stroke_is_no_lung() -> None:
    right, left = two_lungs()
    stroke = np.zeros(right.shape, bool)
    stroke[10:14, 190:200] = True
    found = sides(right | left | stroke)
    assert not (found[0] | found[1])[stroke].any()
    assert np.array_equal(found[0] | found[1], right | left)


def test_no_lungs_are_no_lungs() -> None:
    assert not np.any(sides(np.zeros((20, 30), bool)))


# --- adults ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("drawn")
def test_an_adult_lies_under_its_masks_to_the_pixel(tmp_path: Path) -> None:
    write_adults(tmp_path, ["a", "b"])
    found = adults(tmp_path)
    assert found.values.shape == found.masks.shape == (2, SIZE, SIZE)
    assert (found.values.min(), found.values.max()) == (0, 1)
    for grey, mask in zip(found.values, found.masks, strict=True):
        body = slice(28, 228)  # 400 of 512 columns, in the middle
        assert np.array_equal(grey[:, body] < 0.5, mask[:, body] & (RIGHT | LEFT) > 0)
        assert not mask[:, :28].any()
        assert not mask[:, 228:].any()
    right, left = two_lungs()
    assert np.count_nonzero(found.masks[0] & RIGHT) == np.count_nonzero(right) / 4
    assert np.count_nonzero(found.masks[0] & LEFT) == np.count_nonzero(left) / 4


@pytest.mark.usefixtures("drawn")
def test_hearts_are_known_only_where_they_were_drawn(tmp_path: Path) -> None:
    write_adults(tmp_path, ["a", "b", "b"])
    found = adults(tmp_path)
    assert found.patients.tolist() == ["a", "b", "b"]
    assert found.known.tolist() == [[True, True, True], [True, True, False], [True, True, False]]
    assert not (found.masks[1:] & HEART).any()
    top, bottom, first, last = box(found.masks[0] & HEART > 0)
    # The curve goes through its four points, (180 to 260) / 2 + 28 and (260 to 360) / 2, and swings out.
    assert 120 < top <= 130
    assert 179 <= bottom < 190
    assert 108 < first <= 118
    assert 157 <= last < 168
    assert found.weight[0] > found.weight[1] > 0


def test_missing_pictures_of_adults_are_counted_and_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="'cxr_adult_ccby' is not there") as caught:
        adults(tmp_path)
    assert "MEDVIEWER_DATA" in caught.value.hint
    folder = write_adults(tmp_path, ["a", "b"])
    (folder / "1_lungs.png").unlink()
    with pytest.raises(BadData, match=r"1 of 4 pictures .* missing, '1_lungs\.png' first") as caught:
        adults(tmp_path)
    assert caught.value.hint


# --- children ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [(1500, 1000), (1000, 1000), (1000, 1600)])
def test_the_aspect_ratio_of_a_child_is_that_of_the_table(tmp_path: Path, width: int, height: int) -> None:
    """Stored as squares; the table says what they were squeezed from."""
    write_children(tmp_path, [(width, height, 1)])
    found = children(1, tmp_path)
    lungs = found.masks[0] & (RIGHT | LEFT) > 0
    rows_0, rows_1, columns_0, columns_1 = box(lungs)
    side = SIZE / max(width, height)
    stored = box(np.logical_or(*two_lungs(224, 224)))
    assert rows_1 - rows_0 + 1 == pytest.approx((stored[1] - stored[0] + 1) / 224 * height * side, abs=1.5)
    assert columns_1 - columns_0 + 1 == pytest.approx(
        (stored[3] - stored[2] + 1) / 224 * width * side, abs=1.5
    )
    # And the picture went the same way: dark where the lungs are, but for pixels on their edge.
    assert np.count_nonzero((found.values[0] < 0.5) & ~frame(width, height) != lungs) < 0.05 * lungs.sum()


def extent(mask: Bool2) -> tuple[int, int]:
    """How many rows and columns it takes."""
    top, bottom, first, last = box(mask)
    return bottom - top + 1, last - first + 1


def frame(width: int, height: int) -> Bool2:
    """What was put around a picture to make it square."""
    out = np.ones((SIZE, SIZE), bool)
    rows, columns = (round(SIZE * n / max(width, height)) for n in (height, width))
    top, left = (SIZE - rows) // 2, (SIZE - columns) // 2
    out[top : top + rows, left : left + columns] = False
    return out


def test_what_a_child_s_mask_leaves_open_is_to_be_ignored(tmp_path: Path) -> None:
    write_children(tmp_path, [(1000, 1000, 1)])
    found = children(1, tmp_path)
    ignored = found.masks[0] & IGNORE > 0
    assert box(ignored) == pytest.approx([s * SIZE / 224 for s in (200, 216 - 1, 120, 200 - 1)], abs=1.5)
    assert not (found.masks[0] & (RIGHT | LEFT) > 0)[ignored].any()
    assert found.known.tolist() == [[True, True, False]]  # no hearts were drawn on children
    assert found.patients.tolist() == ["child c0"]


def test_only_children_with_trustworthy_masks_are_read_and_evenly(tmp_path: Path) -> None:
    folder = write_children(tmp_path, [(1000, 1000, k % 2) for k in range(12)])
    for k in range(0, 12, 2):
        (folder / "masks" / "train" / f"{k}.png").unlink()  # not even looked at
    assert children(6, tmp_path).patients.tolist() == [f"child c{k}" for k in (1, 3, 5, 7, 9, 11)]
    some = children(3, tmp_path)
    assert some.patients.tolist() == [f"child c{k}" for k in (1, 5, 9)]
    assert len(children(99, tmp_path)) == 6
    assert some.weight.sum() == pytest.approx(children(6, tmp_path).weight.sum())  # however many there are


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: (folder / "images" / "train" / "0.png").unlink(), r"picture '0\.png' cannot be read"),
        (lambda folder: (folder / "masks" / "train" / "0.png").unlink(), r"mask '0\.png' cannot be read"),
        (lambda folder: (folder / "mapping.csv").unlink(), r"table 'mapping\.csv' cannot be read"),
        (
            lambda folder: (folder / "mapping.csv").write_text("image,patient\n", encoding="utf-8"),
            "no column 'v7_mask'",
        ),
    ],
)
def test_a_set_of_children_that_is_not_whole_is_one_sentence(
    tmp_path: Path, harm: Callable[[Path], object], said: str
) -> None:
    harm(write_children(tmp_path, [(1000, 1000, 1)]))
    with pytest.raises(BadData, match=said) as caught:
        children(1, tmp_path)
    assert caught.value.hint


# --- the drawn hearts and the real pictures ----------------------------------------------------------------


@pytest.mark.parametrize("content", ["", "[]", '{"contours": {"a.png": [[1], [2]]}}'])
def test_outlines_that_cannot_be_read_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    (tmp_path / "cxr-anatomy").mkdir()
    (tmp_path / "cxr-anatomy" / "heart_contours.json").write_text(content, encoding="utf-8")
    monkeypatch.setattr(paths, "models", lambda: tmp_path)
    with pytest.raises(BadData, match="outlines of the hearts cannot be read") as caught:
        contours()
    assert caught.value.hint


def test_every_heart_was_drawn_on_a_picture_whose_licence_allows_it(shared_data: Path) -> None:
    index = shared_data / "training" / "cxr_adult_ccby" / "index.csv"
    licence = {row["image"]: row["licence"] for row in read_table(index, ("image", "licence"))}
    assert {licence[name] for name in contours()} <= {"CC BY 3.0", "CC BY 4.0"}


def test_real_adults_have_right_and_left_where_they_belong_and_hearts_between(
    shared_data: Path, tmp_path: Path
) -> None:
    """Every ninth of them: all take a while."""
    whole = shared_data / "training" / "cxr_adult_ccby"
    table = read_table(whole / "index.csv", ("image", "lungs"))[::9]
    folder = tmp_path / "training" / "cxr_adult_ccby"
    write_table(folder / "index.csv", table)
    for row in table:
        for name in ("image", "lungs"):
            shutil.copy(whole / row[name], folder)
    found = adults(tmp_path)
    assert found.known[:, 2].any()
    for mask, known in zip(found.masks, found.known, strict=True):
        right, left = (np.flatnonzero((mask & bit > 0).any(axis=0)) for bit in (RIGHT, LEFT))
        assert right.mean() < left.mean()
        assert not (mask & RIGHT > 0)[mask & LEFT > 0].any()
        if known[2]:
            heart = np.argwhere(mask & HEART > 0)[:, 1]
            assert right[0] < heart.min() < heart.max() < left[-1]
            assert 0.01 < len(heart) / mask.size < 0.3


def test_real_children_are_lungs_on_both_sides(shared_data: Path) -> None:
    found = children(8, shared_data)
    assert len(found) == 8
    for mask in found.masks:
        right, left = (np.argwhere(mask & bit > 0)[:, 1] for bit in (RIGHT, LEFT))
        assert min(len(right), len(left)) > 0.02 * mask.size
        assert right.mean() < left.mean()
