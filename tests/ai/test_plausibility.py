"""Values that cannot be Hounsfield units of a body in air are told, however well the header speaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from medviewer.ai.plausibility import empty_slices, hu_problem, is_padding, picture_problem
from medviewer.imaging.volume import Unit, Volume

PAD = -2000


def body(air: float = 0.3, soft: float = 0.6, bone: float = 0.1) -> Volume:
    """A volume with these shares of -1000, 40 and 700 HU; what is left is -500."""
    values = np.full(50_000, -500, np.int16)
    start = 0
    for share, hu in ((air, -1000), (soft, 40), (bone, 700)):
        end = start + round(share * values.size)
        values[start:end] = hu
        start = end
    return Volume(values.reshape(20, 50, 50), None, Unit.HU)


def code(volume: Volume) -> str:
    found = hu_problem(volume)
    return "" if found is None else found.code


def changed(volume: Volume, slope: float, intercept: float) -> Volume:
    return replace(volume, voxels=(volume.voxels * slope + intercept).astype(np.float32))


def test_a_body_in_air_is_hounsfield_units() -> None:
    assert code(body()) == ""


@pytest.mark.parametrize(
    ("slope", "intercept"),
    [(1, 1024), (1, -1024), (0.5, 0), (-1, 0), (2, 0), (0.1, 0)],
    ids=["intercept forgotten", "applied twice", "half", "turned round", "double", "a tenth"],
)
def test_a_wrong_rescale_is_found(slope: float, intercept: float) -> None:
    assert code(changed(body(), slope, intercept)) == "NOT_HU"


@pytest.mark.parametrize(
    "wrong",
    [body(air=0), body(soft=0.02), body(air=0.2, soft=0.3, bone=0.5)],
    ids=["no air", "hardly any soft tissue", "more bone than soft tissue"],
)
def test_a_body_lacks_no_tissue(wrong: Volume) -> None:
    assert code(wrong) == "NOT_HU"


def test_other_units_are_none_whatever_the_values() -> None:
    assert code(replace(body(), unit=Unit.RAW)) == "NOT_HU"


def test_padding_is_no_tissue_and_counts_for_nothing() -> None:
    """Nine tenths padding: of what is left the shares are what they were."""
    inside = body().voxels
    padded = np.concatenate([inside, np.full((180, 50, 50), PAD, np.int16)])
    assert code(Volume(padded, None, Unit.HU, padding=(PAD, PAD))) == ""
    air = np.where(inside == -1000, PAD, inside)
    assert code(Volume(air, None, Unit.HU, padding=(PAD, PAD))) == "NOT_HU"
    nothing = Volume(np.full((4, 9, 9), PAD, np.int16), None, Unit.HU, padding=(PAD, PAD))
    assert code(nothing) == "NO_DATA"


def test_padding_is_a_range_with_both_its_ends() -> None:
    values = np.array([-2001, -2000, -1500, -1000, -999])
    assert is_padding(values, (-2000, -1000)).tolist() == [False, True, True, True, False]
    assert not is_padding(values, None).any()


def test_numbers_that_are_none_are_left_out() -> None:
    values = body().voxels.astype(np.float32)
    values[::2, ::2] = np.nan
    assert code(Volume(values, None, Unit.HU)) == ""


def test_a_picture_of_one_value_or_of_padding_alone_is_empty() -> None:
    values = np.arange(4 * 9 * 9, dtype=np.int16).reshape(4, 9, 9)
    values[1] = 7
    values[3] = np.where(np.eye(9) > 0, -5, -6)
    volume = Volume(values, None, Unit.RAW, padding=(-6, -5))
    assert empty_slices(volume) == [1, 3]
    assert picture_problem(volume) is None
    found = picture_problem(replace(volume, voxels=np.full_like(values, 7)))
    assert found is not None
    assert found.code == "NO_DATA"
