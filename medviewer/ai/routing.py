"""What the router says of the pictures, turned into reasons for or against a run. It guards, never diagnoses.

The router is asked after the header's facts were found right and before the model runs, where the model's
card lists the kinds of picture it reads. Its outputs are kinds of picture, of which one holds
("chest_xray_adult", "other"), and the two properties of :data:`PROPERTIES`, which are a yes or no of their
own.
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
from medviewer.ai.steps import Step, apply_steps, resize_area
from medviewer.ai.verdict import Fit
from medviewer.dicom.study import Series
from medviewer.errors import BundleError
from medviewer.imaging.numbers import number
from medviewer.imaging.reslice import Plane, PlaneView
from medviewer.imaging.volume import Volume

Picture = NDArray[np.float32]

PROPERTIES: Mapping[str, str] = {
    "upside_down": "The picture seems to lie upside down or on its side",
    "inverted": "Light and dark seem to be exchanged in the picture",
}
"""Outputs that are no kind of picture, and what they say."""
NO_WAY_UP = frozenset({"cardiac_mr_short_axis", "other"})
"""Kinds of which any turn is as good as another: being upside down is neither taught nor judged."""
NO_GREYS = frozenset({"other"})
"""Kinds of which light and dark may be either way."""
_UNASKED: Mapping[str, frozenset[str]] = {"upside_down": NO_WAY_UP, "inverted": NO_GREYS}
WORDS: Mapping[str, tuple[str, str]] = {
    "chest_ct_axial": ("an axial chest CT", "axial chest CT"),
    "head_ct_axial": ("an axial head CT", "axial head CT"),
    "brain_mr_axial": ("an axial brain MR", "axial brain MR"),
    "brain_mr_coronal": ("a coronal brain MR", "coronal brain MR"),
    "brain_mr_sagittal": ("a sagittal brain MR", "sagittal brain MR"),
    "cardiac_mr_short_axis": ("a short-axis MR of the heart", "short-axis MR of the heart"),
    "chest_xray_adult": ("a frontal chest X-ray of an adult", "frontal chest X-rays of adults"),
    "chest_xray_child": ("a frontal chest X-ray of a child", "frontal chest X-rays of children"),
    "other": ("nothing that the models here read", "other pictures"),
}
"""What a reader is told of a kind: one of it, and all of it."""
SURE = 0.80
"""From here on the router's word ends the run; from :data:`DOUBT` on it is a warning."""
DOUBT = 0.50
_ASKED = 5
"""Pictures of a series that are shown to the router, spread over its middle."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Red, green and blue in a grey (PS3.3 C.7.6.3.1.2, YBR_FULL)."""


@dataclass(frozen=True)
class Verdict:
    """What the router adds to the gate's verdict."""

    reasons: tuple[Notice, ...] = ()
    warnings: tuple[Notice, ...] = ()
    checked: tuple[str, ...] = ()


NO_VERDICT = Verdict()


_NO_NUMBERS = "The pictures were not checked: what the router answered is not finite."
SILENT = Verdict(warnings=(Notice("NO_ROUTER", _NO_NUMBERS),))


def broken(error: BundleError) -> Verdict:
    """A router that cannot be loaded guards nothing, and that is said."""
    return Verdict(warnings=(Notice("NO_ROUTER", f"The pictures were not checked. {error.sentence()}"),))


def joined(fit: Fit, verdict: Verdict) -> Fit:
    """The gate's verdict with the router's."""
    reasons = (*fit.reasons, *verdict.reasons)
    warnings, checked = (*fit.warnings, *verdict.warnings), (*fit.checked, *verdict.checked)
    return replace(fit, ok=fit.ok and not reasons, reasons=reasons, warnings=warnings, checked=checked)


def judge(chances: Mapping[str, float], card: ModelCard, series: Series) -> Verdict:
    """Reasons from the router's probabilities, for the model of ``card`` on ``series``.

    The kinds that the model reads count together against all others. Only what can be true of the likeliest
    kind is asked: a heart on short axis has no way up.
    """
    kinds = {name: chance for name, chance in chances.items() if name not in PROPERTIES}
    wanted = [kind for kind in card.input.kinds if kind in kinds]
    if not wanted:
        return NO_VERDICT
    best = max(kinds, key=lambda name: kinds[name])
    against = 1.0 - sum(kinds[kind] for kind in wanted)
    doubts = [
        (f"ROUTER_{name.upper()}", f"{text} ({_told(chances.get(name, 0.0))}).", chances.get(name, 0.0))
        for name, text in PROPERTIES.items()
        if best not in _UNASKED[name]
    ]
    if against >= DOUBT:
        other = max((kind for kind in kinds if kind not in wanted), key=lambda name: kinds[name])
        doubts.append(("ROUTER_KIND", _other_kind(other, wanted, series, against), against))
    reasons = tuple(Notice(code, text) for code, text, chance in doubts if chance >= SURE)
    warnings = tuple(Notice(code, text) for code, text, chance in doubts if DOUBT <= chance < SURE)
    return Verdict(reasons, warnings, () if against >= DOUBT else (f"looks like {_words(best)}",))


def ask_router(ask: Network, guard: ModelCard, request: Request) -> Verdict:
    """The router's word on some pictures of a series: the mean of its probabilities."""
    card = request.bundle.card
    if not card.input.kinds:
        return NO_VERDICT
    chosen = _some(readable(card, request.series, request.volume))
    if not chosen:
        return NO_VERDICT
    pictures = np.stack([_prepared(guard, request, k) for k in chosen])
    chances = probabilities(ask(pictures[:, None]), guard.network.outputs)
    return judge(chances, card, request.series)


def as_seen(volume: Volume, index: int, placed: bool) -> Picture:
    """Stored slice ``index`` as a reader sees it: (rows, columns), grey, square pixels.

    ``placed``: turned the way its geometry says, as for models that go by it; otherwise as it is stored.
    """
    view = PlaneView.of(volume)
    if placed and volume.geometry is not None:
        planes = (PlaneView.of(volume, plane) for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL))
        view = next(one for one in planes if one.axes[0] == 0)
    shown = view.count - 1 - index if view.flips[0] else index
    picture = view.extract(volume.voxels, shown).astype(np.float32)
    if volume.is_colour:
        picture = picture[..., :3] @ _LUMA
    height, width = view.pixel_mm_at(shown) or (1.0, 1.0)
    if abs(height / width - 1) > 0.01:
        picture = resize_area(picture, (max(1, round(picture.shape[0] * height / width)), picture.shape[1]))
    return picture


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


def _prepared(guard: ModelCard, request: Request, index: int) -> Picture:
    """A stored slice as the router's network wants it. Colours have no window of their own to go by."""
    picture = as_seen(request.volume, index, placed=bool(request.bundle.card.input.planes))
    steps: tuple[Step, ...] = guard.input.steps
    if request.volume.is_colour:
        return apply_steps(picture, steps)
    return apply_steps(picture, steps, shown_as(request.series.instances[index]))


def _some(indices: list[int]) -> list[int]:
    """A few of them, from the second to the fourth fifth: the ends of a series may show little."""
    if len(indices) <= _ASKED:
        return indices
    where = np.linspace(0.25, 0.75, _ASKED) * (len(indices) - 1)
    return [indices[round(float(x))] for x in where]


def _other_kind(kind: str, wanted: list[str], series: Series, against: float) -> str:
    reads = " or ".join(_words(name, every=True) for name in wanted)
    said = f"The header says {series.modality}, but the picture looks like {_words(kind)} ({_told(against)})"
    return f"{said}; this model reads {reads}."


def _told(chance: float) -> str:
    return f"picture check, {'above 0.99' if chance > 0.99 else number(chance, decimals=2)}"


def _words(kind: str, every: bool = False) -> str:
    """What a reader is told; of a kind that this program has no words for, its name: "mr brain"."""
    one, all_ = WORDS.get(kind, (kind.replace("_", " "),) * 2)
    return all_ if every else one
