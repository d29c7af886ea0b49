"""Wrong inputs and every model on the shelf: none of them runs without a word (refused, or warned of)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from medviewer import paths
from medviewer.ai.card import ModelCard, load_card
from medviewer.ai.catalog import Bundle, fit
from medviewer.ai.request import Request, judge
from medviewer.dicom.study import PixelFormat, Series, SeriesIssue
from medviewer.imaging.volume import Geometry, Unit, Volume
from tests.ai.bundles import CT_CLASS, axial, box_chest, chest, each, with_issue
from tests.ai.pictures import DX_CLASS, MR_CLASS, picture, stack, x_ray

MODELS = sorted(folder.name for folder in paths.models().iterdir() if (folder / "card.json").is_file())
COLOUR = PixelFormat("1.2.840.10008.1.2.1", 8, 8, False, samples=3, photometric="RGB")
Made = tuple[Series, str]
"""A series and the patient's age."""


def card_of(model: str) -> ModelCard:
    return load_card(paths.models() / model / "card.json")


def mr(count: int = 12, **changes: Any) -> Series:
    series = each(x_ray(count, view="", modality="MR"), sop_class=MR_CLASS)
    return replace(series, **({"body_part": "HEART", "description": "cine SAX"} | changes))


def placed(series: Series) -> Series:
    """The images 3 mm apart."""
    images = enumerate(series.instances)
    return replace(series, instances=tuple(replace(i, position=(0.0, 0.0, 3.0 * k)) for k, i in images))


WRONG: dict[str, Callable[[], Made]] = {
    "MR of the brain": lambda: (mr(body_part="BRAIN", description="T1 MPRAGE"), "050Y"),
    "MR of a knee": lambda: (mr(body_part="KNEE", description="PD sag"), "050Y"),
    "MR of the chest": lambda: (mr(body_part="CHEST", description="T1 VIBE"), "050Y"),
    "MR localizer": lambda: (each(mr(), image_type=("ORIGINAL", "LOCALIZER")), "050Y"),
    "MR of no told region": lambda: (mr(body_part="", description="cine"), "050Y"),
    "MR volume of which nothing is told": lambda: (placed(mr(body_part="", description="anat-T1w")), "050Y"),
    "MR film of a knee by its protocol": lambda: (mr(body_part="", description="t1sagknee"), "050Y"),
    "MR of a hippocampus": lambda: (placed(mr(body_part="", description="T2 hippocampus")), "050Y"),
    "CT localizer": lambda: (each(chest(), image_type=("ORIGINAL", "LOCALIZER")), "050Y"),
    "CT of the head": lambda: (chest(body_part="HEAD"), "050Y"),
    "CT of two slices": lambda: (chest(2), "050Y"),
    "CT with a gap of 11 mm": lambda: (chest(geometry=axial(11.0)), "050Y"),
    "CT with a tilted gantry": lambda: (with_issue(SeriesIssue.TILTED), "050Y"),
    "CT with a missing slice": lambda: (with_issue(SeriesIssue.MISSING_SLICES), "050Y"),
    "CT with two slices at one place": lambda: (with_issue(SeriesIssue.DUPLICATE_POSITION), "050Y"),
    "CT of a child": lambda: (chest(), "007Y"),
    "CT compressed with loss": lambda: (chest(lossy="LOSSY 12:1"), "050Y"),
    "CT in raw values": lambda: (chest(unit=Unit.RAW), "050Y"),
    "coronal CT": lambda: (
        chest(geometry=Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 0, -1), (0.7, 0.7), (0, 2.5, 0))),
        "050Y",
    ),
    "maximum projection": lambda: (each(chest(), image_type=("DERIVED", "SECONDARY", "MIP")), "050Y"),
    "screen capture of a CT": lambda: (each(chest(), sop_class="1.2.840.10008.5.1.4.1.1.7"), "050Y"),
    "X-ray of a hand": lambda: (x_ray(body_part="HAND"), "050Y"),
    "lateral X-ray of the chest": lambda: (x_ray(view="LL"), "003Y"),
    "X-ray that its description calls lateral": lambda: (x_ray(view="", description="Thorax LAT"), "003Y"),
    "X-ray of an animal": lambda: (each(x_ray(), quadruped=True), "003Y"),
    "X-ray of teeth": lambda: (x_ray(body_part="", description="MODALITYLUT - TEETH", view=""), "003Y"),
    "X-ray of no told view": lambda: (x_ray(view=""), "003Y"),
    "X-ray stored mirrored": lambda: (each(x_ray(), edges=("R", "F")), "003Y"),
    "X-ray stored upside down": lambda: (each(x_ray(), edges=("L", "H")), "003Y"),
    "raw detector X-ray": lambda: (each(x_ray(), sop_class=DX_CLASS + ".1"), "003Y"),
    "X-ray film of several frames": lambda: (each(x_ray(3), frames=3), "003Y"),
    "X-ray of an abdomen": lambda: (x_ray(body_part="ABDOMEN"), "050Y"),
    "X-ray compressed with loss": lambda: (x_ray(lossy="LOSSY 20:1"), "003Y"),
    "colour photograph as CR": lambda: (each(x_ray(modality="CR"), pixels=COLOUR), "003Y"),
    "colour ultrasound": lambda: (each(x_ray(modality="US"), pixels=COLOUR), "050Y"),
    "mammogram": lambda: (x_ray(modality="MG", body_part="BREAST", view="CC"), "050Y"),
    "PET": lambda: (chest(modality="PT", unit=Unit.SUV), "050Y"),
    "nothing told": lambda: (chest(modality="", body_part=""), ""),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", WRONG)
def test_no_wrong_input_runs_without_a_word(model: str, name: str) -> None:
    series, age = WRONG[name]()
    verdict = fit(card_of(model), series, age)
    assert verdict.reasons or verdict.warnings
    assert verdict.ok == (not verdict.reasons)
    for notice in (*verdict.reasons, *verdict.warnings):
        assert notice.text.endswith(".")


REFUSED = (
    ("cardiac-mr", "MR volume of which nothing is told", "NOT_GATED"),
    ("cardiac-mr", "MR film of a knee by its protocol", "BODY_PART"),
    ("cardiac-mr", "MR of a hippocampus", "BODY_PART"),
    ("cxr-anatomy", "X-ray that its description calls lateral", "VIEW"),
    ("cxr-pneumonia", "X-ray that its description calls lateral", "VIEW"),
    ("cxr-anatomy", "X-ray of teeth", "BODY_PART"),
    ("cxr-anatomy", "X-ray of an animal", "ANIMAL"),
    ("cxr-pneumonia", "X-ray of an animal", "ANIMAL"),
)
"""What no warning would be enough for: the model is not even offered."""


@pytest.mark.parametrize(("model", "name", "reason"), REFUSED)
def test_what_plainly_cannot_fit_is_not_offered(model: str, name: str, reason: str) -> None:
    series, age = WRONG[name]()
    assert reason in [notice.code for notice in fit(card_of(model), series, age).reasons]


@pytest.mark.parametrize("words", ["Chest PA and lateral", "thorax pa/lat", "CHEST", ""])
def test_a_description_of_both_views_leaves_the_frontal_one_offered(words: str) -> None:
    assert fit(card_of("cxr-anatomy"), x_ray(view="", description=words), "050Y").ok


RIGHT: dict[str, Callable[[], Made]] = {
    "lung-ct": lambda: (chest(), "050Y"),
    "cxr-anatomy": lambda: (x_ray(), "050Y"),
    "cxr-pneumonia": lambda: (x_ray(), "004Y"),
    "cardiac-mr": lambda: (mr(), "050Y"),
}


@pytest.mark.parametrize("model", sorted(set(MODELS) & set(RIGHT)))
def test_what_fits_runs_without_a_warning_and_fits_no_model_of_another_kind(model: str) -> None:
    series, age = RIGHT[model]()
    verdict = fit(card_of(model), series, age)
    assert verdict.ok
    assert not verdict.warnings
    others = [m for m in RIGHT if m in MODELS and card_of(m).input.modality != card_of(model).input.modality]
    assert others
    assert not any(fit(card_of(other), series, age).ok for other in others)


def hu(values: Any) -> Volume:
    given = box_chest().volume
    return Volume(values(given.voxels), given.geometry, Unit.HU, padding=(-2000, -2000))


VALUES: dict[str, tuple[str, Callable[[], Volume]]] = {
    "inverted HU": ("lung-ct", lambda: hu(lambda v: -v)),
    "HU without intercept": ("lung-ct", lambda: hu(lambda v: v + 1024)),
    "padding only, CT": ("lung-ct", lambda: hu(lambda v: np.full_like(v, -2000))),
    "padding only, X-ray": ("cxr-anatomy", lambda: stack(np.zeros_like(picture()))),
    "one constant value, X-ray": ("cxr-pneumonia", lambda: stack(np.full_like(picture(), 7))),
    "one constant value, MR": ("cardiac-mr", lambda: stack(np.full_like(picture(), 7))),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_that_are_none_are_refused_whatever_the_header_says(name: str) -> None:
    model, make = VALUES[name]
    volume = make()
    series, age = RIGHT[model]()
    series = replace(series, instances=series.instances[: volume.shape[0]])
    request = Request(Bundle(paths.models() / model, card_of(model)), series, "1", volume, patient_age=age)
    verdict = judge(request)
    assert not verdict.ok
    assert {reason.code for reason in verdict.reasons} & {"NOT_HU", "NO_DATA"}


def test_the_table_is_long_enough_and_its_classes_are_real() -> None:
    assert len(WRONG) >= 20
    assert {CT_CLASS, MR_CLASS, DX_CLASS} == {
        "1.2.840.10008.5.1.4.1.1.2",
        "1.2.840.10008.5.1.4.1.1.4",
        "1.2.840.10008.5.1.4.1.1.1.1",
    }
