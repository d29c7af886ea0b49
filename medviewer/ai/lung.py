"""What the lungs say: from the network's class map to findings with sentences a clinician may read out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from medviewer.ai import attenuation, checks, second_look
from medviewer.ai.card import ModelCard
from medviewer.ai.findings import Finding, Measurement, Notice
from medviewer.ai.lung_density import density_findings, finding_id
from medviewer.ai.mask_cleanup import clean
from medviewer.ai.request import Outcome
from medviewer.ai.second_look import SecondLook
from medviewer.ai.unsure import most_unsure
from medviewer.dicom.study import Series
from medviewer.imaging.measure import volume_ml
from medviewer.imaging.numbers import between, number
from medviewer.imaging.volume import Mask, Unit, Volume
from medviewer.tasks import TaskContext

IMPLAUSIBLE_ML = 12_000.0
"""Both lungs together never hold this much: the network answered noise."""


def finish(  # noqa: PLR0917
    volume: Volume, classes: NDArray[np.uint8], series: Series, card: ModelCard, context: TaskContext,
    looks: Sequence[SecondLook] = (),
) -> Outcome:  # fmt: skip
    """Clean masks, checks and findings from the network's class map on the volume's grid.

    ``looks``: what slightly changed copies of some pictures gave; they widen the ranges of the volumes.
    """
    context.report(0.91, "Cleaning the masks")
    wanted = [(label.id, label.name) for label in card.labels if label.name in (checks.RIGHT, checks.LEFT)]
    cleaned = clean(classes, wanted, volume.geometry, context)
    masks = {name: item.mask for name, item in cleaned.items()}
    failure = _failure(masks, volume)
    if failure is not None:
        return Outcome(failure=failure)
    context.report(0.95, "Measuring")
    context.check()
    findings = lung_findings(volume, masks, series, card, context, looks)
    dropped = [_dropped(name, item.dropped) for name, item in cleaned.items()]
    missing = {name: mask for name, mask in masks.items() if mask.voxel_count == 0}
    # What concerns one lung stands with its finding; here only what has no finding to stand with.
    warnings = checks.check_masks(missing, volume) + checks.check_sides(masks)
    warnings += [notice for notice in dropped if notice is not None]
    return Outcome(tuple(findings), tuple(warnings))


def _failure(masks: Mapping[str, Mask], volume: Volume) -> Notice | None:
    total = sum(volume_ml(mask) for mask in masks.values())
    if total == 0:
        text = "No lung was found in these images: there is no reliable result."
        return Notice("NO_RELIABLE_RESULT", text)
    if total > IMPLAUSIBLE_ML:
        text = f"The lungs would hold {number(total, 'mL')}, which no body does: there is no reliable result."
        return Notice("NO_RELIABLE_RESULT", text)
    if any(mask.voxel_count and not attenuation.lung_values(volume, mask).size for mask in masks.values()):
        text = "A lung was outlined where the images hold no values: there is no reliable result."
        return Notice("NO_RELIABLE_RESULT", text)
    return None


def _dropped(name: str, share: float) -> Notice | None:
    if share < checks.DROPPED_SHARE:
        return None
    told = number(100 * share, "%")
    text = f"{checks.title(name)}: {told} of what the model marked lay in islands and was left out."
    return Notice("ISLANDS_DROPPED", text)


def lung_findings(  # noqa: PLR0917
    volume: Volume,
    masks: Mapping[str, Mask],
    series: Series,
    card: ModelCard,
    context: TaskContext | None = None,
    looks: Sequence[SecondLook] = (),
) -> list[Finding]:
    """Reading, right lung, left lung, low attenuation, high attenuation; densities only in HU.

    The overall reading comes first, to be read first; the regions come last, to be painted over the lungs.

    ``masks`` by name ("right_lung", "left_lung") on the grid of ``volume``; empty ones give no finding.
    Raises :class:`~medviewer.errors.NoGeometry` without geometry.
    """
    volume.require_geometry()
    context = context or TaskContext()
    found = {name: mask for name, mask in masks.items() if mask.voxel_count}
    findings = []
    for name, mask in found.items():
        findings.append(_lung(volume, name, mask, series, card, looks))
        context.check()
    if not found or volume.unit is not Unit.HU:
        return findings
    reading, *regions = density_findings(volume, found, series, card, context)
    return [reading, *findings, *regions]


def _lung(  # noqa: PLR0917
    volume: Volume, name: str, mask: Mask, series: Series, card: ModelCard, looks: Sequence[SecondLook]
) -> Finding:
    label = card.label(name)
    warnings = tuple(checks.check_mask(mask, volume, label.title))
    millilitres, limits, how = _range(mask, looks, label.id)
    measurements = [Measurement("Volume", millilitres, "mL", limits, decimals=0)]
    at_least = "at least " if any(w.code.startswith("CUT_BY") for w in warnings) else ""
    said = f"{label.title}: volume {at_least}{number(millilitres, 'mL')} "
    said += f"({between(*limits, 'mL')} {how})"
    if volume.unit is Unit.HU:
        mean = float(attenuation.lung_values(volume, mask).mean(dtype=np.float64))
        measurements.append(Measurement("Mean density", mean, "HU", decimals=0))
        said += f", mean density {number(mean, 'HU')}"
    return Finding(
        id=finding_id(card, series, name),
        label=label.title,
        sentence=said + ".",
        code=label.code,
        criterion=_CRITERION if looks else "outline ± half a voxel",
        mask=mask,
        measurements=tuple(measurements),
        slices=mask.slice_range,
        key_slice=mask.largest_slice,
        warnings=warnings,
        colour=label.colour,
        unsure=most_unsure(second_look.doubts(looks, label.id)),
    )


_CRITERION = "outline ± half a voxel, or slightly changed copies of the images, whichever is wider"


def _range(mask: Mask, looks: Sequence[SecondLook], label: int) -> tuple[float, tuple[float, float], str]:
    """Volume in mL, its range, and the words for where the range comes from."""
    millilitres, (low, high) = volume_ml(mask), attenuation.half_voxel_range(mask)
    copies = second_look.spread(looks, label)
    if copies is None:
        return millilitres, (low, high), "for half a voxel at the outline"
    least, most = millilitres * copies[0], millilitres * copies[1]
    if least < low or most > high:
        how = "for half a voxel at the outline or in slightly changed copies of the images"
    else:
        how = "for half a voxel at the outline; slightly changed copies of the images stay within"
    return millilitres, (min(low, least), max(high, most)), how
