"""Low attenuation, high attenuation and the three-way reading of both lungs together.

The criteria (conventional limits, not validated on the reader's scanner):

* **low attenuation**: more than 6 % of the lungs below -950 HU (LAA-950), told only where the acquisition
  allows it (soft kernel, slices up to 3 mm, no contrast: see ``kernel``);
* **high attenuation**: more than 3 % of the lungs dense (-500 to +100 HU, vessels left out: see
  ``attenuation``), or one connected dense region of 15 mL or more; it goes first where both hold, being the
  acute one, and the sentence tells both;
* **normal**: neither. Where low attenuation cannot be judged the reading does not say "normal".
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.ai import attenuation, checks
from medviewer.ai.card import ModelCard
from medviewer.ai.findings import Finding, Measurement, Notice
from medviewer.ai.kernel import emphysema_gate
from medviewer.dicom.study import Series
from medviewer.imaging.measure import volume_ml
from medviewer.imaging.numbers import number
from medviewer.imaging.volume import Mask, Volume
from medviewer.tasks import TaskContext

LOW_LIMIT = 6.0
HIGH_LIMIT = 3.0
HIGH_REGION_ML = 15.0
"""Above the largest cluster of vessels seen without consolidation: 9 mL (two patients, classical masks)."""
LOW_LABEL, HIGH_LABEL = 11, 12
"""Mask labels of the two regions; the lungs carry their class numbers."""
LOW_COLOUR, HIGH_COLOUR, READING_COLOUR = "#F0E442", "#D55E00", "#009E73"
LOW_CRITERION = f"Low: above {number(LOW_LIMIT, '%')} of the lungs below {number(-950, 'HU')} (LAA-950)."
HIGH_CRITERION = (
    f"High: above {number(HIGH_LIMIT, '%')} of the lungs between {number(-500)} and +{number(100, 'HU')}, "
    f"vessels left out, or one such region of {number(HIGH_REGION_ML, 'mL')} or more."
)
READING_CRITERION = (
    f"Low: LAA-950 above {number(LOW_LIMIT, '%')}. High: above {number(HIGH_LIMIT, '%')} dense, "
    f"or a dense region of {number(HIGH_REGION_ML, 'mL')} or more. Normal: neither."
)


@dataclass(frozen=True, eq=False)
class _Lungs:
    """What the three findings share. ``both`` is the union of the lungs; ``gate`` why LAA is indicative."""

    volume: Volume
    series: Series
    card: ModelCard
    masks: Mapping[str, Mask]
    both: Mask
    low: Mask
    high: Mask
    gate: str
    values: NDArray[np.float32]
    laa: float
    dense: float
    largest_ml: float

    @property
    def is_high(self) -> bool:
        """Whether the criterion of high attenuation holds."""
        return self.dense > HIGH_LIMIT or self.largest_ml >= HIGH_REGION_ML


def finding_id(card: ModelCard, series: Series, name: str) -> str:
    """Unique in a session: the same for the same series, model and finding."""
    digest = hashlib.sha256(series.key.encode()).hexdigest()[:8]
    return f"{card.id}-{digest}-{name}"


def density_findings(
    volume: Volume, masks: Mapping[str, Mask], series: Series, card: ModelCard, context: TaskContext
) -> list[Finding]:
    """Reading, low attenuation, high attenuation. ``masks``: the lungs found, none empty; values in HU."""
    lungs = _measure(volume, masks, series, card, context)
    context.check()
    return [_reading(lungs), _low(lungs), _high(lungs)]


def _measure(
    volume: Volume, masks: Mapping[str, Mask], series: Series, card: ModelCard, context: TaskContext
) -> _Lungs:
    union = np.zeros(volume.shape, bool)
    for mask in masks.values():
        union[attenuation.Window3.of(mask).box] |= mask.box
    both = Mask.from_full(0, "lungs", union, volume.geometry)
    values = attenuation.lung_values(volume, both)
    low = _region(LOW_LABEL, "low attenuation", both, attenuation.low_region(volume, both))
    context.check()
    high = _region(HIGH_LABEL, "high attenuation", both, attenuation.dense_region(volume, both, context))
    context.check()
    return _Lungs(
        volume,
        series,
        card,
        masks,
        both,
        low,
        high,
        ", ".join(emphysema_gate(series)),
        values,
        laa=attenuation.laa_percent(values),
        dense=100.0 * high.voxel_count / both.voxel_count,
        largest_ml=attenuation.largest_piece(high.box) * volume.require_geometry().voxel_ml,
    )


def _region(label: int, name: str, around: Mask, box: NDArray[np.bool_]) -> Mask:
    inner = Mask.from_full(label, name, box, around.geometry)
    s, r, c = (a + b for a, b in zip(around.origin, inner.origin, strict=True))
    return Mask(label, name, inner.box, (s, r, c), around.shape, around.geometry)


def _worst_third(lungs: _Lungs) -> tuple[str, float]:
    """("right upper third", LAA-950 in percent) of the third with most low attenuation."""
    shares = {
        f"{checks.title(name).split()[0].lower()} {third} third": share
        for name, mask in lungs.masks.items()
        for third, share in attenuation.thirds_laa(lungs.volume, mask).items()
        if math.isfinite(share)
    }
    return max(shares.items(), key=lambda item: item[1])


def _low(lungs: _Lungs) -> Finding:
    perc15 = attenuation.perc15(lungs.values)
    place, worst = _worst_third(lungs)
    said = f"Low attenuation: {number(lungs.laa, '%', 1)} of the lungs below {number(-950, 'HU')} (LAA-950)"
    if not lungs.gate:
        said += f", {'above' if lungs.laa > LOW_LIMIT else 'not above'} the limit of {number(LOW_LIMIT, '%')}"
    said += f"; Perc15 {number(perc15, 'HU')}."
    if lungs.laa >= 1.0:
        said += f" Most in the {place} ({number(worst, '%', 1)})."
    warnings: tuple[Notice, ...] = ()
    if lungs.gate:
        said += f" Indicative only ({lungs.gate}): emphysema is not judged."
        warnings = (Notice("LAA_INDICATIVE", f"LAA-950 and Perc15 are indicative only: {lungs.gate}."),)
    measurements = [
        Measurement("LAA-950", lungs.laa, "%", indicative=lungs.gate),
        Measurement("Perc15", perc15, "HU", indicative=lungs.gate, decimals=0),
        Measurement(f"LAA-950, {place}", worst, "%", indicative=lungs.gate),
    ]
    for name, mask in lungs.masks.items():
        share = attenuation.laa_percent(attenuation.lung_values(lungs.volume, mask))
        measurements.append(
            Measurement(f"LAA-950, {checks.title(name).lower()}", share, "%", indicative=lungs.gate)
        )
    return _finding(
        lungs,
        "Low attenuation",
        lungs.low,
        sentence=said,
        criterion=LOW_CRITERION,
        measurements=measurements,
        warnings=warnings,
        # Where the figure may not be believed its voxels are mostly noise: they are not painted.
        shown=not lungs.gate,
    )


def _high(lungs: _Lungs) -> Finding:
    millilitres = volume_ml(lungs.high)
    region = number(lungs.largest_ml, "mL")
    said = f"High attenuation: {number(lungs.dense, '%', 1)} of the lungs ({number(millilitres, 'mL')}), "
    above = "above" if lungs.dense > HIGH_LIMIT else "not above"
    reached = "which reaches" if lungs.largest_ml >= HIGH_REGION_ML else "below"
    said += f"{above} the limit of {number(HIGH_LIMIT, '%')}; "
    said += f"largest region {region}, {reached} the limit of {number(HIGH_REGION_ML, 'mL')}."
    shares = {}
    full = lungs.high.full()
    for name, mask in lungs.masks.items():
        inside = np.count_nonzero(full[attenuation.Window3.of(mask).box] & mask.box)
        shares[checks.title(name).lower()] = 100.0 * inside / mask.voxel_count
    if lungs.is_high:
        side = max(shares, key=lambda name: shares[name])
        said += f" Most in the {side} ({number(shares[side], '%', 1)})."
    measurements = [
        Measurement("High attenuation", lungs.dense, "%"),
        Measurement("High attenuation volume", millilitres, "mL", decimals=0),
        Measurement("Largest region", lungs.largest_ml, "mL", decimals=0),
        *(Measurement(f"High attenuation, {side}", share, "%") for side, share in shares.items()),
    ]
    return _finding(
        lungs,
        "High attenuation",
        lungs.high,
        sentence=said,
        criterion=HIGH_CRITERION,
        measurements=measurements,
    )


def _finding(
    lungs: _Lungs,
    label: str,
    mask: Mask,
    *,
    sentence: str,
    criterion: str,
    measurements: list[Measurement],
    warnings: tuple[Notice, ...] = (),
    shown: bool = True,
) -> Finding:
    return Finding(
        id=finding_id(lungs.card, lungs.series, label.lower().replace(" ", "_")),
        label=label,
        sentence=sentence,
        criterion=criterion,
        mask=mask if mask.voxel_count and shown else None,
        measurements=tuple(measurements),
        slices=mask.slice_range,
        key_slice=mask.largest_slice,
        warnings=warnings,
        colour=LOW_COLOUR if mask is lungs.low else HIGH_COLOUR,
    )


def read(laa: float, high: bool, gate: str) -> tuple[str, str]:
    """(label, words) of the three-way reading from LAA-950 in percent and the criterion of high attenuation.

    ``gate``: why low attenuation cannot be judged, or empty; where it is told the reading is never "normal".
    """
    low = laa > LOW_LIMIT and not gate
    if high and low:
        return "high attenuation", "high attenuation, with low attenuation besides"
    if high:
        return "high attenuation", "high attenuation"
    if low:
        return "low attenuation", "low attenuation"
    if gate:
        return "no high attenuation", f"no high attenuation; low attenuation is not judged ({gate})"
    return "normal", "normal attenuation"


def _reading(lungs: _Lungs) -> Finding:
    label, words = read(lungs.laa, lungs.is_high, lungs.gate)
    bands = attenuation.band_percents(lungs.values)
    shown = lungs.both.largest_slice
    if label == "high attenuation":
        shown = lungs.high.largest_slice
    elif label == "low attenuation":
        shown = lungs.low.largest_slice
    return Finding(
        id=finding_id(lungs.card, lungs.series, "reading"),
        label=f"Reading: {_of_one_lung(label, lungs)}",
        sentence=f"Reading of lung density: {_of_one_lung(words, lungs)}.{_beyond(lungs)}",
        criterion=READING_CRITERION,
        measurements=tuple(Measurement(_band_name(n, a, b), bands[n], "%") for n, a, b in attenuation.BANDS),
        slices=lungs.both.slice_range,
        key_slice=shown,
        warnings=_reservations(lungs),
        colour=READING_COLOUR,
    )


def _beyond(lungs: _Lungs) -> str:
    """Where nothing dense was found the reader is told where it could still be."""
    if lungs.is_high:
        return ""
    return " Only the outlined lung was judged: a mass at its border may lie outside."


def _of_one_lung(words: str, lungs: _Lungs) -> str:
    """Where one lung was not found (perhaps all dense) the other one's reading is no reading of both."""
    if len(lungs.masks) != 1:
        return words
    found = checks.title(next(iter(lungs.masks))).lower()
    missing = "left" if found.startswith("right") else "right"
    return f"{words} in the {found}; {missing} lung not found, not judged"


def _reservations(lungs: _Lungs) -> tuple[Notice, ...]:
    """The reading speaks of what was scanned only."""
    told = [
        n for name, m in lungs.masks.items() for n in checks.check_mask(m, lungs.volume, checks.title(name))
    ]
    if not any(notice.code.startswith("CUT_BY") for notice in told):
        return ()
    text = "The lungs are not wholly in the images: what lies outside was not read."
    return (Notice("READING_OF_A_PART", text),)


def _band_name(name: str, low: float, high: float) -> str:
    """ "Inflated (−950 to −750 HU)"."""
    if low == -np.inf:
        return f"{name} (below {number(high)} HU)"
    if high == np.inf:
        return f"{name} ({number(low)} HU and above)"
    return f"{name} ({number(low)} to {number(high)} HU)"
