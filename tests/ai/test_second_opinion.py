"""Second opinion: figures of boxes that can be counted by hand, and what must never be compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.ai.findings import AnalysisResult, Code, Finding, ResultState
from medviewer.ai.second_opinion import Comparison, compare, compare_all
from medviewer.imaging.volume import Geometry, Mask
from tests.review.makers import provenance

SHAPE = (20, 16, 18)
GEOMETRY = Geometry(np.diag([5.0, 2.0, 1.0, 1.0])[[2, 1, 0, 3]])
"""One voxel is 5 x 2 x 1 mm: a hundredth of a millilitre."""
LUNG, RIGHT, LEFT = "39607008", "3341006", "44029006"
Box = tuple[slice, slice, slice]


def box(slices: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]) -> Box:
    return slice(*slices), slice(*rows), slice(*columns)


def mask_of(
    label: int, name: str, *boxes: Box, geometry: Geometry | None = GEOMETRY, shape: tuple[int, ...] = SHAPE
) -> Mask:
    full = np.zeros(shape, bool)
    for one in boxes:
        full[one] = True
    return Mask.from_full(label, name, full, geometry)


def finding(name: str, code: str, mask: Mask | None) -> Finding:
    coded = Code("SCT", code, f"meaning of {code}") if code else None
    return Finding(f"{name} of {id(mask)}", name, f"{name}.", code=coded, mask=mask)


def result(model: str, *findings: Finding, **facts: object) -> AnalysisResult:
    state = facts.pop("state", ResultState.FINDINGS)
    made = provenance(model_id=model, model_title=model.capitalize(), forced=facts.pop("forced", False))
    values = {"series_key": "1", "patient_key": "P", "provenance": made, "findings": findings, **facts}
    return AnalysisResult(state, **values)  # type: ignore[arg-type]


WHOLE = box((2, 12), (4, 8), (3, 13))
SHORTER = box((2, 12), (4, 8), (5, 13))


def only(first: AnalysisResult, second: AnalysisResult) -> Comparison:
    (found,) = compare(first, second)
    return found


def test_that_two_boxes_are_told_apart_to_the_voxel() -> None:
    """400 voxels against 320 of them: Dice 2 x 320 / 720; 4.0 mL against 3.2 mL."""
    a = result("one", finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE)))
    b = result("two", finding("Both lungs", LUNG, mask_of(1, "lungs", SHORTER)))
    found = only(a, b)
    assert (found.first.voxels, found.second.voxels) == (400, 320)
    assert found.dice == pytest.approx(640 / 720)
    assert (found.first.volume_ml, found.second.volume_ml) == (pytest.approx(4.0), pytest.approx(3.2))
    assert found.difference == -80
    assert found.difference_percent == pytest.approx(100 * 80 / 360)
    assert found.voxel_ml == pytest.approx(0.01)
    expected = np.zeros(SHAPE, bool)
    expected[2:12, 4:8, 3:5] = True
    np.testing.assert_array_equal(found.only_first.full(), expected)
    assert found.only_second.voxel_count == 0
    assert (found.first.model, found.second.model) == ("One 1.0.0", "Two 1.0.0")
    assert found.finding_ids == {a.findings[0].id, b.findings[0].id}


def test_that_swapping_the_models_swaps_the_sides_and_nothing_else() -> None:
    a = result("one", finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE)))
    b = result("two", finding("Lungs", LUNG, mask_of(4, "lungs", box((3, 14), (5, 9), (4, 12)))))
    there, back = only(a, b), only(b, a)
    assert (there.dice, there.difference_percent) == (back.dice, back.difference_percent)
    assert there.difference == -back.difference
    np.testing.assert_array_equal(there.only_first.full(), back.only_second.full())
    np.testing.assert_array_equal(there.only_second.full(), back.only_first.full())
    assert [one.voxels for one in there.slices] == [one.voxels for one in back.slices]


def test_that_the_same_outline_is_agreement_without_any_slice() -> None:
    a = result("one", finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE)))
    b = result("two", finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE)))
    found = only(a, b)
    assert (found.dice, found.difference, found.difference_percent, found.slices) == (1.0, 0, 0.0, ())
    assert found.touched == frozenset()


RIGHT_BOX, LEFT_BOX = box((2, 12), (4, 8), (3, 7)), box((2, 12), (4, 8), (9, 14))


@pytest.mark.parametrize("coarse_first", [True, False])
def test_that_halves_are_taken_together_against_a_whole(coarse_first: bool) -> None:
    fine = result(
        "fine",
        finding("Right lung", RIGHT, mask_of(1, "right", RIGHT_BOX)),
        finding("Left lung", LEFT, mask_of(2, "left", LEFT_BOX)),
    )
    whole = result("coarse", finding("Lungs", LUNG, mask_of(1, "lungs", RIGHT_BOX, LEFT_BOX)))
    found = only(whole, fine) if coarse_first else only(fine, whole)
    assert (found.structure, found.dice) == ("Lungs", 1.0)
    halves = found.second if coarse_first else found.first
    assert halves.parts == ("Right lung", "Left lung")
    assert halves.voxels == 360
    assert found.finding_ids == {f.id for f in (*fine.findings, *whole.findings)}


def test_that_halves_are_compared_each_with_its_own() -> None:
    a = result(
        "one",
        finding("Right lung", RIGHT, mask_of(1, "right", RIGHT_BOX)),
        finding("Left lung", LEFT, mask_of(2, "left", LEFT_BOX)),
    )
    b = result(
        "two",
        finding("Left lung", LEFT, mask_of(7, "left", LEFT_BOX)),
        finding("Right lung", RIGHT, mask_of(8, "right", box((2, 12), (4, 8), (3, 5)))),
    )
    assert [(c.structure, c.dice) for c in compare(a, b)] == [
        ("Right lung", pytest.approx(2 * 80 / 240)),
        ("Left lung", 1.0),
    ]


def test_that_one_code_on_both_sides_is_one_structure() -> None:
    """Both halves of a hippocampus bear one code: their union is compared, under the code's words."""
    halves = [
        finding(f"{s} part", "5366008", mask_of(k, s, b))
        for k, (s, b) in enumerate(zip(("right", "left"), (RIGHT_BOX, LEFT_BOX), strict=True))
    ]
    a, b = result("one", *halves), result("two", *[replace(f, id=f"{f.id} too") for f in halves])
    found = only(a, b)
    assert (found.structure, found.first.voxels, found.dice) == ("meaning of 5366008", 360, 1.0)


def test_that_several_findings_about_one_mask_count_once() -> None:
    mask = mask_of(1, "lungs", WHOLE)
    a = result("one", finding("Lungs", LUNG, mask), finding("Reading", LUNG, mask))
    b = result("two", finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE)))
    found = only(a, b)
    assert found.first.parts == ()
    assert found.dice == 1.0


@pytest.mark.parametrize(
    "other",
    [
        result("two", finding("Heart", "80891009", mask_of(1, "heart", WHOLE))),
        result("two", finding("Lungs", "", mask_of(1, "lungs", WHOLE))),
        result("two", finding("Lungs", LUNG, None)),
        result("two", finding("Lungs", LUNG, mask_of(1, "lungs"))),
        result("two"),
        result("two", finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE)), series_key="2"),
        result("two", finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE)), patient_key="Q"),
        result("two", finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE, geometry=None))),
        result("two", finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE, shape=(20, 16, 20)))),
        result(
            "two",
            finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE, geometry=Geometry(np.diag([1.0, 2, 3, 1])))),
        ),
    ],
    ids=[
        "another structure", "no code", "no mask", "empty mask", "nothing found", "another series",
        "another patient", "no geometry", "another size", "another grid",
    ],
)  # fmt: skip
def test_that_only_the_same_structure_on_the_same_grid_is_compared(other: AnalysisResult) -> None:
    mine = result("one", finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE)))
    assert compare(mine, other) == ()
    assert compare(other, mine) == ()


def test_that_without_geometry_voxels_are_counted_and_no_millilitre_is_told() -> None:
    a = result("one", finding("Heart", "80891009", mask_of(1, "heart", WHOLE, geometry=None)))
    b = result("two", finding("Heart", "80891009", mask_of(1, "heart", SHORTER, geometry=None)))
    found = only(a, b)
    assert (found.first.volume_ml, found.voxel_ml) == (None, None)
    assert found.dice == pytest.approx(640 / 720)


def test_that_the_slices_named_differ_most_and_lie_apart() -> None:
    """Slice k of the second model holds k columns too much; neighbours of the worst are not named again."""
    full: NDArray[np.bool_] = np.zeros((40, 16, 64), bool)
    full[:, 2, 1:3] = True
    more = full.copy()
    for k in range(40):
        more[k, 2, 3 : 3 + k] = True
    a = result("one", finding("Lungs", LUNG, Mask.from_full(1, "lungs", full, GEOMETRY)))
    b = result("two", finding("Lungs", LUNG, Mask.from_full(1, "lungs", more, GEOMETRY)))
    found = only(a, b)
    assert [(one.index, one.voxels) for one in found.slices] == [(39, 39), (34, 34), (29, 29)]
    assert found.touched == frozenset(range(1, 40))


def test_that_slices_are_those_of_the_volume_not_of_the_box() -> None:
    a = result("one", finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE)))
    b = result("two", finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE, box((15, 16), (1, 3), (1, 3)))))
    found = only(a, b)
    assert [(one.index, one.voxels) for one in found.slices] == [(15, 4)]
    assert (found.only_second.origin, found.only_second.box.shape) == ((15, 1, 1), (1, 2, 2))


def test_that_partial_and_forced_runs_are_told() -> None:
    a = result("one", finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE)), state=ResultState.PARTIAL)
    b = result("two", finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE)), forced=True)
    assert only(a, b).notes == (
        "One 1.0.0 did not read all images.",
        "Two 1.0.0 was run although these images do not suit it.",
    )


def test_that_every_pair_of_three_models_is_compared_once() -> None:
    three = [result(n, finding("Lungs", LUNG, mask_of(1, "lungs", WHOLE))) for n in ("a", "b", "c")]
    pairs = [(c.first.maker, c.second.maker) for c in compare_all(three)]
    assert pairs == [("a 1.0.0", "b 1.0.0"), ("a 1.0.0", "c 1.0.0"), ("b 1.0.0", "c 1.0.0")]
    assert compare_all(three[:1]) == ()
