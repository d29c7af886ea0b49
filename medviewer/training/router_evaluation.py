"""Measure the router on patients and sources it never saw: as they are, windowed, turned, negative, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from medviewer.ai.card import Metric
from medviewer.ai.findings import OperatingPoint
from medviewer.ai.routing import DOUBT, SURE
from medviewer.training import metrics, router_change, router_strange
from medviewer.training.metrics import Interval
from medviewer.training.picture_task import predict
from medviewer.training.report import Section, metric
from medviewer.training.router_change import negated, shown, turned
from medviewer.training.router_heads import AXES, draw_head
from medviewer.training.router_kinds import (
    CHEST_ADULT,
    CHEST_CHILD,
    KINDS,
    NO_GREYS,
    NO_WAY_UP,
    OTHER,
    Picture,
    Reading,
    Shot,
    prepare,
    read,
)
from medviewer.training.router_sources import Pool

HELD_OUT = "patients and sources outside training"
DRAWN = "label maps outside training, and patterns, drawn"
WINDOWED = "the CT among them, through every usual window"
_DRAWS = 40
"""Drawn pictures of each kind that is drawn, and of no kind."""
THRESHOLD = 0.5
_SHOWN_THRESHOLDS = tuple(round(0.05 * k, 2) for k in range(1, 20))
_X_RAYS = tuple(KINDS.index(kind) for kind in (CHEST_ADULT, CHEST_CHILD))
_TURNED = ("half turn", "top to bottom")
_ON_ITS_SIDE = ("quarter turn left", "quarter turn right")
_Z = 1.959964


@dataclass(frozen=True, eq=False)
class Measured:
    """What the network said of pictures, their kinds (n,) and patients (n,)."""

    said: Reading
    kinds: NDArray[np.int64]
    patients: NDArray[np.str_]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the kind was told rightly."""
        return np.asarray(self.said.kinds.argmax(axis=1) == self.kinds)

    def of(self, without: frozenset[str]) -> NDArray[np.bool_]:
        """Which are of a kind that is not among ``without``."""
        return ~np.isin(self.kinds, [KINDS.index(kind) for kind in without])


def sections(
    network: nn.Module, pool: Pool, rounds: int
) -> tuple[tuple[Section, ...], tuple[OperatingPoint, ...]]:
    """Every section of the report, and what other thresholds of the two lone answers would cost."""
    shots = [shot for shots in pool.shots.values() for shot in shots]
    plain = [_grey(shot) for shot in shots]
    upright = measured(network, plain, shots)
    over = {name: measured(network, [turned(p, name) for p in plain], shots) for name in _TURNED}
    aside = {name: measured(network, [turned(p, name) for p in plain], shots) for name in _ON_ITS_SIDE}
    negative = measured(network, [negated(p) for p in plain], shots)
    made = (
        _kinds_section("Kinds, pictures as stored", upright, HELD_OUT, rounds),
        _windows_section(network, [shot for shot in shots if shot.hu and shot.kind != OTHER], rounds),
        _turned_section(upright, over, aside, rounds),
        _negative_section(upright, negative, rounds),
        _kinds_section("Kinds, drawn pictures", _drawn(network, pool), DRAWN, rounds),
    )
    return made, _points(upright, list(over.values()), negative)


def measured(network: nn.Module, pictures: Sequence[Picture], shots: Sequence[Shot]) -> Measured:
    """What the network says of pictures (any size) that belong to ``shots``."""
    values = np.stack([prepare(picture) for picture in pictures])
    kinds = np.array([KINDS.index(shot.kind) for shot in shots], np.int64)
    return Measured(read(predict(network, values)), kinds, np.array([shot.patient for shot in shots]))


def share(right: NDArray[np.bool_], patients: NDArray[np.str_], rounds: int) -> Interval:
    """A share with its 95 % interval: bootstrap over patients or Wilson's over pictures, whichever is wider.

    Where all are right, or all are of one patient, a bootstrap knows no spread.
    """
    found = metrics.mean_interval(right.tolist(), patients, rounds)
    count, p = len(right), found.value
    middle = (p + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z / (1 + _Z**2 / count) * np.sqrt(p * (1 - p) / count + _Z**2 / (4 * count**2))
    return Interval(p, min(found.low, float(middle - half)), max(found.high, min(1.0, float(middle + half))))


def _grey(shot: Shot) -> Picture:
    return shot.values.astype(np.float32)


def _kinds_section(title: str, found: Measured, data: str, rounds: int) -> Section:
    """Accuracy, recall of every kind, confusion matrix."""
    right, present = found.right, np.unique(found.kinds)
    overall = share(right, found.patients, rounds)
    recalls = [float(right[found.kinds == k].mean()) for k in present]
    figures = [
        metric("accuracy", overall, data, len(right)),
        Metric("recall, mean of the kinds", round(float(np.mean(recalls)), 4), data, None, "", len(right)),
    ]
    for k in present:
        mine = found.kinds == k
        value = share(right[mine], found.patients[mine], rounds)
        figures.append(metric(f"recall, {KINDS[k]}", value, data, int(mine.sum())))
    figures += _as_guard(found, data, rounds)
    table = metrics.confusion(found.said.kinds.argmax(axis=1), found.kinds, len(KINDS))
    confusion = tuple(tuple(int(n) for n in row) for row in table)
    wrong = sorted(
        {f"{p} ({KINDS[k]})" for p, k in zip(found.patients[~right], found.kinds[~right], strict=True)}
    )
    notes = (f"Missed: {', '.join(wrong) or 'none'}.",)
    return Section(title, tuple(figures), labels=KINDS, confusion=confusion, notes=notes)


def _as_guard(found: Measured, data: str, rounds: int) -> list[Metric]:
    """What the guard makes of its shares: what it would refuse wrongly, let pass wrongly, and take as one."""
    shares, known = found.said.kinds, found.kinds != KINDS.index(OTHER)
    own = shares[np.arange(len(shares)), found.kinds]
    believed = shares[:, [k for k, kind in enumerate(KINDS) if kind != OTHER]].max(axis=1)
    said = np.where(np.isin(shares.argmax(axis=1), _X_RAYS), _X_RAYS[0], shares.argmax(axis=1))
    one = said == np.where(np.isin(found.kinds, _X_RAYS), _X_RAYS[0], found.kinds)
    rows = [
        ("accuracy, adults and children as one", one, np.ones(len(one), bool)),
        (f"refused wrongly, from {SURE:g} on", 1 - own >= SURE, known),
        (f"of no kind, taken for one, from {DOUBT:g} on", believed >= DOUBT, ~known),
    ]
    return [
        metric(name, share(values[which], found.patients[which], rounds), data, int(which.sum()))
        for name, values, which in rows
        if which.any()
    ]


def _windows_section(network: nn.Module, shots: Sequence[Shot], rounds: int) -> Section:
    """Every CT picture through every window usual for its kind."""
    pairs = [(shot, window) for shot in shots for window in router_change.WINDOWS[shot.kind]]
    pictures = [shown(_grey(shot), *window) for shot, window in pairs]
    found = measured(network, pictures, [shot for shot, _ in pairs])
    figures = [metric("accuracy", share(found.right, found.patients, rounds), WINDOWED, len(pairs))]
    for name, said in (("upside down", found.said.upside_down), ("inverted", found.said.inverted)):
        alarms = share(said >= THRESHOLD, found.patients, rounds)
        figures.append(metric(f"wrongly called {name}", alarms, WINDOWED, len(pairs)))
    return Section("Kinds, CT through windows", tuple(figures))


def _turned_section(
    upright: Measured, over: dict[str, Measured], aside: dict[str, Measured], rounds: int
) -> Section:
    """How many are caught, by turn and by kind, how many are wrongly called so."""
    asked = upright.of(NO_WAY_UP)
    caught = {name: found.said.upside_down >= THRESHOLD for name, found in (over | aside).items()}
    kinds, patients = upright.kinds[asked], upright.patients[asked]
    figures = [
        _caught("upside down caught", [caught[n][asked] for n in over], patients, rounds),
        _caught("lying on its side caught", [caught[n][asked] for n in aside], patients, rounds),
        _caught(
            "wrongly called upside down", [(upright.said.upside_down >= THRESHOLD)[asked]], patients, rounds
        ),
        _caught("kind told of upside-down ones", [f.right[asked] for f in over.values()], patients, rounds),
    ]
    for k in np.unique(kinds):
        mine = kinds == k
        some = [caught[name][asked][mine] for name in over]
        figures.append(_caught(f"upside down caught, {KINDS[k]}", some, patients[mine], rounds))
    note = "Half turn and top to bottom; each picture turned both ways."
    return Section("Upside down", tuple(figures), notes=(note,))


def _negative_section(upright: Measured, negative: Measured, rounds: int) -> Section:
    """How many negatives are caught, by kind, how many are wrongly called so."""
    asked = upright.of(NO_GREYS)
    kinds, patients = upright.kinds[asked], upright.patients[asked]
    caught, alarms = ((f.said.inverted >= THRESHOLD)[asked] for f in (negative, upright))
    figures = [
        _caught("inverted caught", [caught], patients, rounds),
        _caught("wrongly called inverted", [alarms], patients, rounds),
        _caught("kind told of inverted ones", [negative.right[asked]], patients, rounds),
    ]
    for k in np.unique(kinds):
        mine = kinds == k
        figures.append(_caught(f"inverted caught, {KINDS[k]}", [caught[mine]], patients[mine], rounds))
    return Section("Light and dark exchanged", tuple(figures))


def _caught(name: str, parts: Sequence[NDArray[np.bool_]], patients: NDArray[np.str_], rounds: int) -> Metric:
    """A share over several versions of the same pictures."""
    value = share(np.concatenate(list(parts)), np.tile(patients, len(parts)), rounds)
    return metric(name, value, HELD_OUT, len(parts) * len(patients))


def _drawn(network: nn.Module, pool: Pool) -> Measured:
    """Heads of the label maps kept for measuring, and patterns, drawn from a seed of their own."""
    rng = np.random.default_rng(2031)
    shots = [draw_head(pool.heads[k % len(pool.heads)], kind, rng) for kind in AXES for k in range(_DRAWS)]
    shots += [router_strange.draw_pattern(rng) for _ in range(_DRAWS)]
    return measured(network, [_grey(shot) for shot in shots], shots)


def _points(upright: Measured, over: Sequence[Measured], negative: Measured) -> tuple[OperatingPoint, ...]:
    """What thresholds cost: sensitivity on changed pictures, specificity on those as they are."""
    asked, greys = upright.of(NO_WAY_UP), upright.of(NO_GREYS)
    rows = {
        "upside_down": (upright.said.upside_down[asked], [f.said.upside_down[asked] for f in over]),
        "inverted": (upright.said.inverted[greys], [negative.said.inverted[greys]]),
    }
    out = []
    for name, (still, changed) in rows.items():
        scores = np.concatenate([still, *changed])
        truth = np.arange(len(scores)) >= len(still)
        for point in metrics.operating_points(scores, truth, _SHOWN_THRESHOLDS):
            out.append(
                OperatingPoint(
                    name, point.threshold, round(point.sensitivity, 4), round(point.specificity, 4)
                )
            )
    return tuple(out)
