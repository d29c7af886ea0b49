"""What must hold of a model card beyond the types of its fields."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from medviewer.ai.steps import wrong_steps

if TYPE_CHECKING:
    from medviewer.ai.card import ModelCard

SCHEMA = "medviewer.card/1"


def contradictions(card: ModelCard) -> list[str]:
    """What the types alone do not catch, most basic first."""
    outputs, classes = card.network.outputs, card.network.classes
    rules: list[tuple[bool, str]] = [
        (card.schema != SCHEMA, f"schema is {card.schema!r}, this program reads {SCHEMA!r}"),
        (not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", card.id), "id may hold a-z, 0-9, '.', '_' and '-' only"),
        (not card.version, "version is empty"),
        (not card.intended_use, "intended_use is empty"),
        (Path(card.weights.file).name != card.weights.file, "weights.file must be a plain file name"),
        (not card.weights.file.endswith(".safetensors"), "weights.file must be a .safetensors file"),
        (not re.fullmatch(r"[0-9a-f]{64}", card.weights.sha256), "weights.sha256 is not a SHA-256"),
        (len(set(outputs)) != len(outputs), "network.outputs names a class twice"),
        (bool(card.network.paired) != bool(card.network.side), "network.paired and side need each other"),
        (not _are_halves(card), "network.paired or side name no output, or side is paired"),
        (len(set(classes)) != len(classes), "network.paired makes a name that another output has"),
        (not card.labels, "labels is empty"),
        (len({label.id for label in card.labels}) != len(card.labels), "two labels share an id"),
        (min(card.input.size) < 1 or card.input.slices_min < 1, "input.size and slices_min must be positive"),
        (card.input.intensity.low >= card.input.intensity.high, "input.intensity.low is not below high"),
    ]
    ranges = {
        "slice_spacing_mm": card.input.slice_spacing_mm,
        "pixel_spacing_mm": card.input.pixel_spacing_mm,
    }
    for what, (low, high) in ((what, limits) for what, limits in ranges.items() if limits is not None):
        rules.append((not 0 < low <= high, f"input.{what} is not a range of positive numbers"))
    rules += [(True, f"input.steps holds {text}") for text in wrong_steps(card.input.steps)]
    rules += _score_rules(card)
    for label in card.labels:
        trained = 0 <= label.id < len(classes) and classes[label.id] == label.name
        rules.append((not trained, f"label {label.name!r} is no output the network was trained for"))
        rules.append(
            (not re.fullmatch(r"#[0-9A-Fa-f]{6}", label.colour), f"colour of {label.name!r} is not #RRGGBB")
        )
    return [text for wrong, text in rules if wrong]


def _are_halves(card: ModelCard) -> bool:
    """Whether what has two sides, and what tells them, are outputs, and not the same."""
    network = card.network
    known = set(network.outputs)
    return {*network.paired, *filter(None, [network.side])} <= known and network.side not in network.paired


def _score_rules(card: ModelCard) -> list[tuple[bool, str]]:
    """What must hold of the numbers behind a score."""
    rules: list[tuple[bool, str]] = []
    if card.calibration is not None:
        rules.append((card.calibration.temperature <= 0, "calibration.temperature is not positive"))
        rules.append((not card.score_meaning, "score_meaning is empty beside a calibration"))
    if card.conformal is not None:
        wrong = len(card.conformal.thresholds) != len(card.network.outputs)
        rules.append((wrong, "conformal.thresholds are not as many as network.outputs"))
        rules.append((not 0 < card.conformal.coverage < 1, "conformal.coverage is not between 0 and 1"))
    known = {label.name for label in card.labels}
    for point in card.operating_points:
        rules.append((point.label not in known, f"operating_points name {point.label!r}, which is no label"))
        shares = (point.sensitivity, point.specificity)
        rules.append((not all(0 <= s <= 1 for s in shares), "an operating point is no share of 0 to 1"))
        ranges = (point.sensitivity_range, point.specificity_range)
        apart = any(r is not None and not r[0] <= s <= r[1] for s, r in zip(shares, ranges, strict=True))
        rules.append((apart, "an operating point lies outside its own interval"))
    for label in card.labels:
        own = [point.threshold for point in card.operating_points if point.label == label.name]
        gone = bool(own) and label.threshold is not None and label.threshold not in own
        rules.append((gone, f"operating_points leave out the threshold of {label.name!r}"))
    return rules
