"""What the router says of the pictures, turned into reasons for or against a run. It guards, never diagnoses.

The router is asked after the header's facts were found right and before the model runs. Its outputs are kinds
of picture, of which one holds ("cxr_frontal", "mr_brain", "other"), and the two properties of
:data:`PROPERTIES`, which are a yes or no of their own. A card lists the kinds its model reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.card import ModelCard
from medviewer.ai.findings import Notice
from medviewer.ai.pictures import readable, shown_as
from medviewer.ai.probabilities import sigmoid, softmax
from medviewer.ai.request import Network, Request
from medviewer.ai.steps import apply_steps
from medviewer.ai.verdict import Fit
from medviewer.dicom.study import Series
from medviewer.errors import BundleError
from medviewer.imaging.numbers import number

PROPERTIES: Mapping[str, str] = {"upside_down": "upside down", "inverted": "a negative"}
"""Outputs that are no kind of picture, and what they say."""
SURE = 0.80
"""From here on the router's word ends the run; from one half on it is a warning."""
DOUBT = 0.50
_ASKED = 5
"""Pictures of a series that are shown to the router, spread over its middle."""


@dataclass(frozen=True)
class Verdict:
    """What the router adds to the gate's verdict."""

    reasons: tuple[Notice, ...] = ()
    warnings: tuple[Notice, ...] = ()
    checked: tuple[str, ...] = ()


NO_VERDICT = Verdict()


def broken(error: BundleError) -> Verdict:
    """A router that cannot be loaded guards nothing, and that is said."""
    return Verdict(warnings=(Notice("NO_ROUTER", f"The pictures were not checked. {error.sentence()}"),))


def joined(fit: Fit, verdict: Verdict) -> Fit:
    """The gate's verdict with the router's."""
    reasons = (*fit.reasons, *verdict.reasons)
    warnings, checked = (*fit.warnings, *verdict.warnings), (*fit.checked, *verdict.checked)
    return replace(fit, ok=fit.ok and not reasons, reasons=reasons, warnings=warnings, checked=checked)


def judge(chances: Mapping[str, float], card: ModelCard, series: Series) -> Verdict:
    """Reasons from the router's probabilities, for the model of ``card`` on ``series``."""
    reasons: list[Notice] = []
    warnings: list[Notice] = []
    for name, words in PROPERTIES.items():
        chance = chances.get(name, 0.0)
        if chance >= DOUBT:
            text = f"The picture seems to be {words} (router, {number(chance, decimals=2)})."
            (reasons if chance >= SURE else warnings).append(Notice(f"ROUTER_{name.upper()}", text))
    kinds = {name: chance for name, chance in chances.items() if name not in PROPERTIES}
    wanted = [kind for kind in card.input.kinds if kind in kinds]
    if not wanted:
        return Verdict(tuple(reasons), tuple(warnings))
    best = max(kinds, key=lambda name: kinds[name])
    if best in wanted:
        return Verdict(tuple(reasons), tuple(warnings), (f"looks like {_words(best)}",))
    told = f"looks like {_words(best)} (router, {number(kinds[best], decimals=2)})"
    text = f"The header says {series.modality}, but the picture {told}; this model reads {_words(wanted[0])}."
    (reasons if kinds[best] >= SURE else warnings).append(Notice("ROUTER_KIND", text))
    return Verdict(tuple(reasons), tuple(warnings))


def ask_router(ask: Network, guard: ModelCard, request: Request) -> Verdict:
    """The router's word on some pictures of a series: the mean of its probabilities."""
    chosen = _some(readable(request.bundle.card, request.series, request.volume))
    if not chosen:
        return NO_VERDICT
    pictures = [
        apply_steps(request.volume.voxels[k], guard.input.steps, shown_as(request.series.instances[k]))
        for k in chosen
    ]
    chances = probabilities(ask(np.stack(pictures)[:, None]), guard.network.outputs)
    return judge(chances, request.bundle.card, request.series)


def probabilities(logits: NDArray[np.float32], outputs: tuple[str, ...]) -> dict[str, float]:
    """Mean over pictures, from logits (pictures, outputs): kinds compete, properties stand alone."""
    values = np.asarray(logits, np.float64)
    found = {}
    kinds = [k for k, name in enumerate(outputs) if name not in PROPERTIES]
    if kinds:
        shares = softmax(values[:, kinds], axis=1).mean(axis=0)
        found = {outputs[k]: float(share) for k, share in zip(kinds, shares, strict=True)}
    for k, name in enumerate(outputs):
        if name in PROPERTIES:
            found[name] = float(sigmoid(values[:, k]).mean())
    return found


def _some(indices: list[int]) -> list[int]:
    """A few of them, from the second to the fourth fifth: the ends of a series may show little."""
    if len(indices) <= _ASKED:
        return indices
    where = np.linspace(0.25, 0.75, _ASKED) * (len(indices) - 1)
    return [indices[round(float(x))] for x in where]


def _words(kind: str) -> str:
    """ "MR brain" of "mr_brain"."""
    first, *rest = kind.split("_")
    return " ".join([first.upper() if len(first) <= 3 else first, *rest])
