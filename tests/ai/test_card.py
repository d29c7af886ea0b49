"""The card is data, checked at the door."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from medviewer import paths
from medviewer.ai.card import ModelCard, load_card, parse_card
from medviewer.errors import BundleError
from tests.ai.bundles import example


def test_the_documented_example_is_a_valid_card() -> None:
    card = parse_card(example(), "lung-ct")
    assert isinstance(card, ModelCard)
    assert card.input.size == (256, 256)
    assert card.label("left_lung").id == 2
    assert card.labels[0].code is not None
    assert card.labels[0].code.value == "3341006"
    assert card.metrics[0].range == (0.976, 0.985)


def _change(path: str, value: Any) -> dict[str, Any]:
    data = copy.deepcopy(example())
    *parents, last = path.split(".")
    target: Any = data
    for key in parents:
        target = target[int(key)] if key.isdigit() else target[key]
    if value is KeyError:
        del target[last]
    else:
        target[last] = value
    return data


WRONG: list[tuple[str, Any, str]] = [
    ("titel", "Lungs", "nearest known one is 'title'"),
    ("network.outptus", [], "nearest known one is 'outputs'"),
    ("input.modalitiy", "CT", "nearest known one is 'modality'"),
    ("weights.sha256", KeyError, "lacks the key 'sha256'"),
    ("weights.sha256", "abc", "not a SHA-256"),
    ("weights.file", "../weights.safetensors", "plain file name"),
    ("weights.file", "weights.pt", "safetensors"),
    ("schema", "medviewer.card/2", "reads 'medviewer.card/1'"),
    ("id", "Lung CT", "id may hold"),
    ("intended_use", "", "intended_use is empty"),
    ("labels", [], "labels is empty"),
    ("labels.0.name", "nodule", "no output the network was trained for"),
    ("labels.0.id", 7, "no output the network was trained for"),
    ("labels.0.id", 2, "share an id"),
    ("labels.0.colour", "blue", "not #RRGGBB"),
    ("labels.0.threshold", "0.5", "must be a finite number"),
    ("labels.0.threshold", float("nan"), "must be a finite number"),
    ("input.slices_min", 3.5, "must be a whole number"),
    ("input.slices_min", True, "must be a whole number"),
    ("input.slice_spacing_mm", [1.0], "must be a list of 2"),
    ("input.pixel_spacing_mm", [2.0, 1.0], "not a range"),
    ("input.intensity", "HU", "must be an object"),
    ("limitations", "adults only", "must be a list"),
    ("title", 5, "must be text"),
]


@pytest.mark.parametrize(("path", "value", "message"), WRONG, ids=[f"{p}={v!r:.20}" for p, v, _ in WRONG])
def test_a_wrong_card_is_refused_by_name(path: str, value: Any, message: str) -> None:
    with pytest.raises(BundleError, match=message) as caught:
        parse_card(_change(path, value), "lung-ct")
    assert "'lung-ct'" in caught.value.message
    assert caught.value.hint


def test_a_card_that_is_no_object_is_refused() -> None:
    with pytest.raises(BundleError, match="must be an object"):
        parse_card(["lung-ct"], "x")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"a": 1, "a": 2}', b"[" * 200_000])
def test_a_file_that_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(content)
    with pytest.raises(BundleError):
        load_card(path)


def test_a_missing_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        load_card(tmp_path / "card.json")


def test_a_card_is_frozen() -> None:
    card = parse_card(example())
    with pytest.raises(TypeError):
        card.network.args["width"] = 1  # type: ignore[index]


def _classifier() -> dict[str, Any]:
    data = example()
    data["network"]["outputs"] = ["normal", "pneumonia"]
    data["labels"] = [{**data["labels"][0], "id": 1, "name": "pneumonia", "threshold": 0.4}]
    data["input"] |= {"modality": "DX", "other_modalities": ["CR"], "planes": [], "age_max_years": 7}
    for key in ("slice_spacing_mm", "pixel_spacing_mm"):
        del data["input"][key]
    data["score_meaning"] = "Calibrated probability."
    data["calibration"] = {"method": "temperature", "temperature": 1.4, "data": "100 patients"}
    data["conformal"] = {"coverage": 0.9, "thresholds": [0.3, 0.6], "data": "100 patients"}
    point = {"label": "pneumonia", "threshold": 0.4, "sensitivity": 0.97, "specificity": 0.9}
    data["operating_points"] = [point]
    return data


def test_a_classifier_says_how_its_score_is_meant_and_what_a_threshold_costs() -> None:
    card = parse_card(_classifier())
    assert card.input.modalities == ("DX", "CR")
    assert card.input.slice_spacing_mm is None
    assert card.calibration is not None
    assert card.calibration.bias == 0
    assert card.conformal is not None
    assert card.conformal.thresholds == (0.3, 0.6)
    assert card.operating_points[0].sensitivity == 0.97


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("calibration.temperature", 0, "temperature is not positive"),
        ("calibration.temprature", 1, "nearest known one is 'temperature'"),
        ("score_meaning", "", "score_meaning is empty"),
        ("conformal.thresholds", [0.3], "not as many as network.outputs"),
        ("conformal.coverage", 90, "not between 0 and 1"),
        ("operating_points.0.label", "normal", "which is no label"),
        ("operating_points.0.specificity", 1.2, "no share of 0 to 1"),
    ],
)
def test_numbers_behind_a_score_that_cannot_be_are_refused(path: str, value: Any, message: str) -> None:
    data = _classifier()
    *parents, last = path.split(".")
    target: Any = data
    for key in parents:
        target = target[int(key)] if key.isdigit() else target[key]
    target[last] = value
    with pytest.raises(BundleError, match=message):
        parse_card(data)


def _sided(**changes: Any) -> dict[str, Any]:
    """A network that answers class and side apart."""
    data = example()
    data["network"] |= {"outputs": ["background", "lung", "side"], "paired": ["lung"], "side": "side"}
    data["network"] |= changes
    left = {"scheme": "SCT", "value": "7771000", "meaning": "Left"}
    data["labels"] = [
        {"id": 1, "name": "left_lung", "title": "Left", "colour": "#56B4E9", "laterality": left}
    ]
    return data


def test_labels_of_a_network_that_answers_class_and_side_count_the_classes_made_of_both() -> None:
    card = parse_card(_sided())
    assert card.network.classes == ("background", "left_lung", "right_lung")
    assert card.label("left_lung").laterality is not None
    assert parse_card(example()).network.classes == parse_card(example()).network.outputs


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"side": ""}, "need each other"),
        ({"paired": []}, "need each other"),
        ({"side": "which"}, "no output"),
        ({"paired": ["heart"]}, "no output"),
        ({"paired": ["lung", "side"]}, "side is paired"),
        ({"outputs": ["left_lung", "lung", "side"]}, "another output has"),
        ({"outputs": ["lung", "background", "side"]}, "no output the network was trained for"),
    ],
)
def test_sides_that_do_not_fit_the_outputs_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        parse_card(_sided(**changes))


def _points(**changes: Any) -> dict[str, Any]:
    """The example with a threshold of the right lung, and what one threshold costs."""
    data = copy.deepcopy(example())
    data["labels"][0]["threshold"] = 0.5
    point = {"label": "right_lung", "threshold": 0.5, "sensitivity": 0.9, "specificity": 0.8}
    data["operating_points"] = [point | changes]
    return data


def test_what_thresholds_cost_is_checked_against_itself_and_the_label() -> None:
    limits = {"sensitivity_range": [0.88, 0.92], "positives": 64, "data": "cases"}
    (point,) = parse_card(_points(**limits)).operating_points
    assert point.sensitivity_range == (0.88, 0.92)
    assert (point.positives, point.negatives, point.specificity_range) == (64, None, None)
    for changes, complaint in (
        ({"sensitivity_range": [0.91, 0.95]}, "outside its own interval"),
        ({"threshold": 0.6}, "leave out the threshold"),
        ({"specificity": 1.2}, "no share"),
    ):
        with pytest.raises(BundleError, match=complaint):
            parse_card(_points(**changes))


def test_the_shipped_thresholds_cost_what_the_figures_of_their_card_say() -> None:
    card = load_card(paths.models() / "cxr-pneumonia" / "card.json")
    own = next(p for p in card.operating_points if p.threshold == card.labels[0].threshold)
    recall, specificity = (next(m for m in card.metrics if m.name == n) for n in ("recall", "specificity"))
    assert recall.data == own.data
    assert (own.sensitivity, own.sensitivity_range) == (recall.value, recall.range)
    assert (own.specificity, own.specificity_range) == (specificity.value, specificity.range)
    assert recall.cases == (own.positives or 0) + (own.negatives or 0)
    shares = [(p.sensitivity, -p.specificity) for p in card.operating_points]
    assert shares == sorted(shares, reverse=True)
