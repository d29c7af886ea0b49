"""What is said of a brain: definitions with known answers, sides, plausibility, modest words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from medviewer.ai import brain, brain_checks
from medviewer.ai.brain_labels import LEFT, RIGHT, STRUCTURES, index_of, joint, joint_names
from medviewer.ai.brain_look import BrainAnswer
from medviewer.ai.brain_volumes import (
    amounts,
    asymmetry_percent,
    both,
    brain_tissue,
    half,
    ventricle_to_brain,
)
from medviewer.ai.card import ModelCard, parse_card
from medviewer.ai.findings import Finding
from medviewer.dicom.study import Series
from medviewer.imaging.overlay import PALETTE
from medviewer.imaging.volume import Geometry, Volume
from medviewer.tasks import TaskContext
from medviewer.training.brain_card import card as card_data
from tests.ai.bundles import chest

NAMES = joint_names()
VOXEL_MM = 2.0
SHAPE = (90, 100, 80)


@pytest.fixture(scope="module")
def card() -> ModelCard:
    data = card_data("brain_cascade3d", {"outputs": 18}, ["nothing"], 0.1)
    weights = {"file": "weights.safetensors", "sha256": "0" * 64}
    return parse_card({"schema": "medviewer.card/1", **data, "weights": weights})


def geometry() -> Geometry:
    """Slices to head, rows to the back, columns to the left, 2 mm."""
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]]) * VOXEL_MM
    return Geometry(affine)


def plain_brain() -> np.ndarray:
    """A cerebrum in two halves with ventricles, hippocampi, a stem; the left hippocampus is larger."""
    out = np.zeros(SHAPE, np.uint8)

    def put(name: str, z: slice, y: slice, x: slice) -> None:
        out[z, y, x] = NAMES.index(name)

    for side, first in (("right", 10), ("left", 40)):
        x = slice(first, first + 30)
        put(f"{side}_cerebral_cortex", slice(30, 75), slice(15, 75), x)
        put(f"{side}_cerebral_white_matter", slice(35, 70), slice(20, 70), x)
        put(f"{side}_thalamus", slice(50, 60), slice(40, 52), slice(first + 10, first + 16))
        put(f"{side}_caudate", slice(60, 70), slice(30, 42), slice(first + 10, first + 14))
        put(f"{side}_cerebellar_cortex", slice(30, 45), slice(50, 75), slice(first + 4, first + 24))
        put(f"{side}_lateral_ventricle", slice(55, 65), slice(45, 65), slice(first + 18, first + 28))
    put("right_hippocampus", slice(40, 45), slice(40, 60), slice(20, 24))
    put("left_hippocampus", slice(40, 45), slice(40, 60), slice(50, 55))
    put("brain_stem", slice(20, 30), slice(48, 62), slice(34, 46))
    return out


def finished(classes: np.ndarray, card: ModelCard, spread: dict | None = None, finite: bool = True):  # type: ignore[no-untyped-def,type-arg]
    answer = BrainAnswer(classes, spread or {}, (0.0, 0.0, 0.0), finite)
    volume = Volume(np.zeros(classes.shape, np.int16), geometry())
    return brain.finish(volume, answer, series(), card, TaskContext())


def series() -> Series:
    """Only its key is read."""
    return chest()


def by_label(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    return {finding.label: finding for finding in findings}


def test_that_the_ratio_is_ventricles_over_tissue() -> None:
    found = amounts({"left_lateral_ventricle": 12, "right_lateral_ventricle": 8, "third_ventricle": 3,
                     "left_cerebral_cortex": 300, "right_cerebral_cortex": 300, "csf": 250,
                     "left_cerebral_white_matter": 190, "brain_stem": 10}, {})  # fmt: skip
    assert brain_tissue(found).ml == 800
    assert ventricle_to_brain(found).ml == pytest.approx(2.5)
    assert both(found, "lateral_ventricle").ml == 20
    assert half(found, ("cerebral_cortex", "cerebral_white_matter"), LEFT).ml == 490
    assert half(found, ("cerebral_cortex", "cerebral_white_matter"), RIGHT).ml == 300


def test_that_a_range_follows_the_looks() -> None:
    millilitres = {"left_lateral_ventricle": 10, "right_lateral_ventricle": 10, "brain_stem": 100}
    spread = {"left_lateral_ventricle": (0.9, 1.0), "right_lateral_ventricle": (1.0, 1.2)}
    found = amounts(millilitres, spread)
    ratio = ventricle_to_brain(found)
    assert (ratio.low, ratio.ml, ratio.high) == pytest.approx((19.0, 20.0, 22.0))


@pytest.mark.parametrize(("left", "right", "percent"), [(4, 4, 0), (6, 4, 40), (4, 6, -40), (5, 0, 200)])
def test_that_asymmetry_is_above_zero_where_left_is_larger(left: float, right: float, percent: float) -> None:
    assert asymmetry_percent(left, right) == pytest.approx(percent)


def test_that_nothing_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="nothing"):
        asymmetry_percent(0, 0)
    with pytest.raises(ValueError, match="tissue"):
        ventricle_to_brain(amounts({"csf": 5}, {}))


def test_that_findings_say_the_sides_as_they_are(card: ModelCard) -> None:
    outcome = finished(plain_brain(), card)
    assert outcome.failure is None
    hippocampus = by_label(outcome.findings)["Hippocampus"]
    told = {m.name: m.value for m in hippocampus.measurements}
    assert hippocampus.measurements[0].name == "Volume", "the first figure is shown without its name"
    assert told["Volume"] == pytest.approx(told["Right volume"] + told["Left volume"])
    assert told["Right volume"] == pytest.approx(5 * 20 * 4 * 0.008)
    assert told["Left volume"] == pytest.approx(5 * 20 * 5 * 0.008)
    assert told["Asymmetry (left − right) ÷ mean"] == pytest.approx(200 * (4 - 3.2) / 7.2)
    assert "right 3.2" in hippocampus.sentence
    assert "left 4.0" in hippocampus.sentence
    assert "left larger by 22" in hippocampus.sentence


def test_that_every_figure_is_called_indicative_and_none_is_a_verdict(card: ModelCard) -> None:
    findings = finished(plain_brain(), card).findings
    assert findings[0].label == "Ventricle-to-brain ratio"
    for finding in findings:
        assert "indicative" in finding.sentence
        assert all(m.indicative for m in finding.measurements)
        assert finding.score is None
        assert not any(word in finding.sentence.lower() for word in ("normal", "atrophy", "enlarged"))


def test_that_a_mask_holds_both_halves_and_nothing_else(card: ModelCard) -> None:
    classes = plain_brain()
    mask = by_label(finished(classes, card).findings)["Lateral ventricles"].mask
    assert mask is not None
    wanted = [NAMES.index("left_lateral_ventricle"), NAMES.index("right_lateral_ventricle")]
    assert np.array_equal(mask.full(), np.isin(classes, wanted))


def test_that_islands_far_from_the_brain_are_not_counted(card: ModelCard) -> None:
    classes = plain_brain()
    before = finished(classes, card).findings[0].measurements[0].value
    classes[82:86, 90:95, 5:10] = NAMES.index("left_lateral_ventricle")
    assert finished(classes, card).findings[0].measurements[0].value == before


def test_that_no_brain_is_no_result(card: ModelCard) -> None:
    outcome = finished(np.zeros(SHAPE, np.uint8), card)
    assert outcome.failure is not None
    assert outcome.failure.code == "NO_RELIABLE_RESULT"
    assert outcome.findings == ()


def test_that_numbers_that_are_none_are_no_result(card: ModelCard) -> None:
    outcome = finished(plain_brain(), card, finite=False)
    assert outcome.failure is not None
    assert "not finite" in outcome.failure.text


def test_that_a_brain_too_small_to_be_one_is_no_result(card: ModelCard) -> None:
    classes = plain_brain()
    classes[:, :, 40:] = 0
    classes[:60] = 0
    outcome = finished(classes, card)
    assert outcome.failure is not None
    assert "no whole adult brain" in outcome.failure.text


def test_that_swapped_sides_end_the_run(card: ModelCard) -> None:
    outcome = finished(plain_brain()[:, :, ::-1].copy(), card)
    assert outcome.failure is not None
    assert outcome.failure.code == "SIDES_SWAPPED"


def test_that_one_swapped_structure_is_enough() -> None:
    classes = plain_brain()
    left, right = (NAMES.index(f"{side}_hippocampus") for side in ("left", "right"))
    swapped = classes.copy()
    swapped[classes == left], swapped[classes == right] = right, left
    assert not brain_checks.sides_swapped(classes, geometry())
    assert brain_checks.sides_swapped(swapped, geometry())


def test_that_a_cut_brain_is_said_to_be_cut(card: ModelCard) -> None:
    classes = plain_brain()[:65]
    volume = Volume(np.zeros(classes.shape, np.int16), geometry())
    outcome = brain.finish(volume, BrainAnswer(classes, {}, (0.0, 0.0, 0.0)), series(), card, TaskContext())
    assert "CUT_BY_FIELD_OF_VIEW" in {w.code for w in outcome.warnings}
    assert "CUT_BY_FIELD_OF_VIEW" not in {w.code for w in finished(plain_brain(), card).warnings}


def test_that_halves_that_differ_and_missing_parts_are_told(card: ModelCard) -> None:
    classes = plain_brain()
    classes[50:75, 15:40, 40:70] = 0
    codes = {w.code for w in finished(classes, card).warnings}
    assert "HALVES_DIFFER" in codes
    classes = plain_brain()
    classes[classes == NAMES.index("left_thalamus")] = NAMES.index("left_cerebral_white_matter")
    outcome = finished(classes, card)
    thalamus = by_label(outcome.findings)["Thalamus"]
    assert "one side was not found" in thalamus.sentence
    assert [(w.code, w.text) for w in thalamus.warnings] == [("EMPTY_MASK", "Left thalamus: not found.")]
    assert not [w for w in outcome.warnings if "halamus" in w.text], "told once, with its finding"
    classes[classes == NAMES.index("right_thalamus")] = NAMES.index("right_cerebral_white_matter")
    outcome = finished(classes, card)
    assert "Thalamus" not in by_label(outcome.findings)
    missing = [w.text for w in outcome.warnings if w.code == "EMPTY_MASK"]
    assert missing == ["Left thalamus: not found.", "Right thalamus: not found."], "nothing is passed over"


def test_that_an_implausible_size_stands_with_its_structure(card: ModelCard) -> None:
    classes = plain_brain()
    classes[40:50, 40:60, 18:28] = NAMES.index("right_hippocampus")
    hippocampus = by_label(finished(classes, card).findings)["Hippocampus"]
    (warning,) = hippocampus.warnings
    assert warning.code == "VOLUME_RANGE"
    assert warning.text.startswith("Right hippocampus: 16.0")


def test_that_halves_that_are_alike_are_not_compared_in_zeros(card: ModelCard) -> None:
    sentence = by_label(finished(plain_brain(), card).findings)["Thalamus"].sentence
    assert "they differ by less than 1" in sentence
    assert "larger" not in sentence


def test_that_no_two_structures_share_a_colour_and_every_colour_has_a_name() -> None:
    colours = [shown.colour for shown in brain.SHOWN]
    assert len(set(colours)) == len(colours)
    assert set(colours) <= set(PALETTE), "colours beyond the palette have no hatch and no name of their own"


def test_that_the_table_of_structures_is_whole() -> None:
    assert len(set(NAMES)) == len(NAMES) == 1 + 12 * 2 + 4
    assert NAMES[0] == "background"
    for shown in brain.SHOWN:
        assert all(index_of(name) > 0 for name in shown.structures)
    listed = [name for shown in brain.SHOWN for name in shown.structures]
    assert len(set(listed)) == len(listed), "nothing is counted twice"
    numbers = [n for s in STRUCTURES for n in s.numbers]
    assert len(set(numbers)) == len(numbers)
    with pytest.raises(KeyError):
        index_of("liver")


def test_that_the_class_map_is_what_the_card_says_of_outputs_and_side(card: ModelCard) -> None:
    """Eighteen answers of the network make twenty-nine classes, in the order that reading counts them in."""
    assert card.network.outputs == (*(s.name for s in STRUCTURES), "side")
    assert card.network.classes == NAMES


def test_that_card_labels_are_classes_with_their_sides(card: ModelCard) -> None:
    for label in card.labels:
        assert card.network.classes[label.id] == label.name
        assert (label.laterality is None) == (label.name == "brain_stem")
        word = label.laterality.meaning.lower() if label.laterality else ""
        assert label.title.lower().startswith(word)
        assert label.name.startswith(word)
    codes = {label.laterality.value: label.laterality.meaning for label in card.labels if label.laterality}
    assert codes == {"7771000": "Left", "24028007": "Right"}
    for number, side, name in joint():
        if side is None or STRUCTURES[number].name not in {s for x in brain.SHOWN for s in x.structures}:
            continue
        assert card.label(name).title.lower().startswith({LEFT: "left", RIGHT: "right"}[side])
    assert replace(card).input.age_min_years == 18


def test_that_islands_go_and_the_brain_stays_wherever_it_lies() -> None:
    classes = np.zeros((6, 9, 9), np.uint8)
    classes[1:4, 5:9, 0:5] = 3
    classes[2, 6, 2] = 7
    classes[5, 0, 8] = 3
    kept = classes.copy()
    kept[5, 0, 8] = 0
    assert np.array_equal(brain.without_islands(classes), kept)
    assert not brain.without_islands(np.zeros((2, 3, 4), np.uint8)).any()
