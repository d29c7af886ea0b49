"""The model card: what ``models/<id>/card.json`` says, checked at the door.

A card is data and holds no code. Unknown keys are refused (naming the nearest known one), missing keys too,
and so is a label the network was not trained to give: only names listed in ``network.outputs`` may be
labels. Every refusal is a :class:`~medviewer.errors.BundleError`.

An example of ``card.json`` (keys with a default may be left out)::

    {
      "schema": "medviewer.card/1",
      "id": "lung-ct",
      "version": "1.0.0",
      "title": "Lungs on chest CT",
      "task": "segmentation",
      "network": {
        "name": "lung_unet2d",
        "args": {"width": 16},
        "outputs": ["background", "right_lung", "left_lung", "airway"]
      },
      "weights": {"file": "weights.safetensors", "sha256": "64 hexadecimal digits"},
      "input": {
        "modality": "CT",
        "body_parts": ["CHEST", "THORAX", "LUNG"],
        "planes": ["axial"],
        "slice_spacing_mm": [0.4, 10.0],
        "pixel_spacing_mm": [0.4, 1.2],
        "slices_min": 10,
        "size": [256, 256],
        "intensity": {"unit": "HU", "low": -1100.0, "high": 500.0},
        "thickness_max_mm": 10.0,
        "age_min_years": 18
      },
      "labels": [
        {"id": 1, "name": "right_lung", "title": "Right lung", "colour": "#56B4E9",
         "code": {"scheme": "SCT", "value": "3341006", "meaning": "Right lung"}, "threshold": null},
        {"id": 2, "name": "left_lung", "title": "Left lung", "colour": "#E69F00",
         "code": {"scheme": "SCT", "value": "44029006", "meaning": "Left lung"}, "threshold": null}
      ],
      "score_meaning": "",
      "intended_use": "Outlines both lungs ... Not for diagnostic use.",
      "limitations": ["Adults only.", "..."],
      "training_data": ["synthetic chests, 400 drawn by medviewer.training", "..."],
      "metrics": [
        {"name": "Dice, both lungs", "value": 0.981, "range": [0.976, 0.985], "unit": "",
         "data": "ten demo phantoms not used in training", "cases": 10}
      ],
      "licence": "Apache-2.0",
      "changelog": ["1.0.0: first version"],
      "seconds_per_slice": 0.12
    }

``labels[].id`` is the index of the class in ``network.outputs``; outputs that are no label (background,
airway) are computed and not shown. ``seconds_per_slice`` is told for a two-core CPU and only used for the
first estimate of the running time: what a run took on the reader's own machine replaces it.

A network that answers class and side apart lists in ``network.paired`` the outputs that the body has on both
sides, and names in ``network.side`` the one output whose logit is above zero on the left. Then the ids count
``Network.classes``: there "thalamus" has become "left_thalamus", "right_thalamus", and the side is gone.
``labels[].laterality`` codes the half (PS3.16 CID 244).

A model of single pictures leaves the spacings out (or null) and ``planes`` empty, lists its preparation in
``input.steps`` (:mod:`medviewer.ai.steps`), and says how its score became a probability and what a threshold
costs::

    "input": {"modality": "DX", "other_modalities": ["CR"], "age_max_years": 6, "planes": [], ...,
              "steps": [{"name": "scale_percentiles", "args": {"low": 0.5, "high": 99.5}}]},
    "calibration": {"method": "temperature and bias", "temperature": 1.4, "bias": 0.3, "data": "..."},
    "conformal": {"coverage": 0.9, "thresholds": [0.4, 0.6], "data": "..."},
    "operating_points": [{"label": "pneumonia", "threshold": 0.5, "sensitivity": 0.97, "specificity": 0.95,
                          "sensitivity_range": [0.95, 0.98], "specificity_range": [0.93, 0.97],
                          "positives": 640, "negatives": 230, "data": "..."}]

``conformal.thresholds`` go with ``network.outputs``: a class whose probability reaches its own stays in the
set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from medviewer.ai.card_rules import contradictions
from medviewer.ai.findings import Code, OperatingPoint
from medviewer.ai.steps import Step
from medviewer.ai.strict_json import StrictJsonError, build, read
from medviewer.errors import BundleError


@dataclass(frozen=True)
class Network:
    """A network registered in ``networks.NETWORKS``, its arguments, and the classes it was trained for."""

    name: str
    args: Mapping[str, Any]
    outputs: tuple[str, ...]
    paired: tuple[str, ...] = ()
    """Outputs that the body has on both sides, where the side is an answer of its own."""
    side: str = ""
    """The output that tells the sides of ``paired`` apart: its logit is above zero on the left."""

    @property
    def classes(self) -> tuple[str, ...]:
        """What the numbers of the class map mean: the outputs, of the paired ones both halves, left first."""
        return tuple(
            name
            for output in self.outputs
            if not self.side or output != self.side
            for name in ((f"left_{output}", f"right_{output}") if output in self.paired else (output,))
        )


@dataclass(frozen=True)
class Weights:
    """The safetensors file beside the card, and the SHA-256 of its bytes (hexadecimal, lower case)."""

    file: str
    sha256: str


@dataclass(frozen=True)
class Intensity:
    """The unit a voxel must have, and the values the network's input is clipped to."""

    unit: str
    low: float
    high: float


@dataclass(frozen=True)
class InputSpec:
    """What the network was trained to see: the suitability gate reads nothing else."""

    modality: str
    body_parts: tuple[str, ...]
    planes: tuple[str, ...]
    slices_min: int
    size: tuple[int, int]
    intensity: Intensity
    slice_spacing_mm: tuple[float, float] | None = None
    pixel_spacing_mm: tuple[float, float] | None = None
    thickness_max_mm: float | None = None
    age_min_years: int | None = None
    age_max_years: int | None = None
    other_modalities: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    extent_min_mm: float | None = None
    """What the volume must at least measure along each of its three axes."""
    views: tuple[str, ...] = ()
    """View Positions (0018,5101) the model reads; () where it does not matter. One not told is a warning."""
    presentation: str = ""
    """"for presentation": raw detector pictures (DX "for processing") are refused."""
    described: tuple[str, ...] = ()
    """Words of which the description should have one ("short axis"); where it has none, a warning."""
    gated: bool = False
    """Whether pictures of one phase, of which the header says nothing of the heart, are refused."""
    kinds: tuple[str, ...] = ()
    """Kinds of picture, by the router's names, that the model reads; () where the router is not asked."""
    films: bool = True
    """Whether images of several frames are read."""

    @property
    def modalities(self) -> tuple[str, ...]:
        """Every modality the model reads, the main one first."""
        return (self.modality, *self.other_modalities)


@dataclass(frozen=True)
class Label:
    """One class shown to the reader. Without ``threshold`` a score is shown without a verdict."""

    id: int
    name: str
    title: str
    colour: str
    code: Code | None = None
    threshold: float | None = None
    laterality: Code | None = None
    """Left or right (CID 244), where the label is one half of what ``code`` names."""


@dataclass(frozen=True)
class Metric:
    """One measured figure, the data it was measured on and the number of cases."""

    name: str
    value: float
    data: str
    range: tuple[float, float] | None = None
    unit: str = ""
    cases: int | None = None


@dataclass(frozen=True)
class Calibration:
    """How the network's margin became a probability: 1 / (1 + exp(-(margin / temperature + bias)))."""

    method: str
    temperature: float
    data: str
    bias: float = 0.0


@dataclass(frozen=True)
class Conformal:
    """The least probability of each output with which it stays in the set of possible answers."""

    coverage: float
    thresholds: tuple[float, ...]
    data: str


@dataclass(frozen=True)
class ModelCard:
    """Everything a reader may ask about a model, frozen."""

    schema: str
    id: str
    version: str
    title: str
    task: str
    network: Network
    weights: Weights
    input: InputSpec
    labels: tuple[Label, ...]
    score_meaning: str
    intended_use: str
    limitations: tuple[str, ...]
    training_data: tuple[str, ...]
    metrics: tuple[Metric, ...]
    licence: str
    changelog: tuple[str, ...]
    seconds_per_slice: float | None = None
    calibration: Calibration | None = None
    conformal: Conformal | None = None
    operating_points: tuple[OperatingPoint, ...] = ()
    reading: str = ""
    """What is made of the answers ("chest", "heart"); empty: what belongs to the network."""
    variations: int = 0
    """How many slightly changed copies of each picture are read too: they give figures their range."""

    def __post_init__(self) -> None:
        for wrong in contradictions(self):
            raise StrictJsonError(wrong)
        object.__setattr__(self.network, "args", MappingProxyType(dict(self.network.args)))

    @property
    def is_guard(self) -> bool:
        """Whether the model guards the others (the router): it never diagnoses, and is not offered."""
        return self.reading == "router"

    @property
    def guarded(self) -> str:
        """What a guard looks at, for a person; empty for a model that reads a modality of its own."""
        return "a few pictures of whatever another model is about to read" if self.is_guard else ""

    def label(self, name: str) -> Label:
        """The label of that name. Raises KeyError for one the card does not list."""
        for label in self.labels:
            if label.name == name:
                return label
        raise KeyError(name)


def load_card(path: Path) -> ModelCard:
    """Read and check one ``card.json``. Raises :class:`BundleError` naming the file and the fault."""
    name = path.parent.name
    try:
        return parse_card(read(path), name)
    except StrictJsonError as error:
        raise BundleError(f"The model card of {name!r} is wrong: {error}.", _HINT) from error


def parse_card(data: Any, name: str = "") -> ModelCard:
    """Check decoded JSON; ``name`` is the bundle's name in messages. Raises :class:`BundleError`."""
    try:
        return build(ModelCard, data, "card")
    except StrictJsonError as error:
        raise BundleError(f"The model card of {name!r} is wrong: {error}.", _HINT) from error


_HINT = "Reinstall the model."
