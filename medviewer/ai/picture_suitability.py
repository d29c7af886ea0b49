"""Fit before run, for models of single pictures: view, presentation, how it lies, films, heartbeat."""

from __future__ import annotations

import re

from medviewer.ai.card import ModelCard
from medviewer.ai.regions import REGIONS, names
from medviewer.ai.verdict import Collected
from medviewer.dicom.study import Instance, Series, SeriesIssue

FOR_PROCESSING = frozenset({"1.2.840.10008.5.1.4.1.1.1.1.1"})
"""Digital X-ray image for processing (PS3.4 B.5): raw detector values, never meant to be seen."""


def check_view(card: ModelCard, series: Series, verdict: Collected) -> None:
    """View Position (0018,5101): one that the model does not read is left out, all of them are refused."""
    views = card.input.views
    if not views:
        return
    told = [instance.view.strip().upper() for instance in series.instances]
    wrong = sorted({view for view in told if view and view not in views})
    good = " or ".join(views)
    if wrong and all(view in wrong for view in told):
        verdict.refuse("VIEW", f"The view is {', '.join(wrong)}; this model reads {good} only.")
        return
    if wrong:
        text = f"Images with the view {', '.join(wrong)} are left out; this model reads {good}."
        verdict.warn("VIEW", text)
    if not any(told) and _called_lateral(series):
        text = f"The description calls the view lateral; this model reads {good} only."
        verdict.refuse("VIEW", text)
    elif not all(told):
        verdict.warn("VIEW_UNKNOWN", f"The header does not tell the view; this model reads {good} only.")
    elif not wrong:
        verdict.checked.append(" and ".join(sorted(set(told))))


_LATERAL = frozenset({"LAT", "LATERAL", "SEITLICH", "SEITL", "PROFIL", "LL", "LLAT", "RLAT"})
_FRONTAL = frozenset({"PA", "AP", "FRONTAL", "FACE", "SUPINE", "PORTABLE", "BED"})


def _called_lateral(series: Series) -> bool:
    """Whether the description tells a lateral picture, and no frontal one beside it ("PA and lateral")."""
    words = set(re.findall(r"[^\W\d_]+", f"{series.description} {series.acquisition.protocol}".upper()))
    return bool(words & _LATERAL) and not words & _FRONTAL


def check_lie(card: ModelCard, series: Series, verdict: Collected) -> None:
    """Patient Orientation (0020,0020): frontal pictures are read with the patient's right on the left.

    Pictures of another view lie as that view does, and are not read.
    """
    if not card.input.views:
        return
    for instance in series.instances:
        view = instance.view.strip().upper()
        if len(instance.edges) != 2 or (view and view not in card.input.views):
            continue
        across, down = (edge.strip().upper()[:1] for edge in instance.edges)
        if across == "R" and down == "F":
            verdict.refuse("MIRRORED", "The picture is stored mirrored: right and left would be mistaken.")
            return
        if (across, down) != ("L", "F"):
            text = "The picture is stored turned or upside down; this model reads upright frontal pictures."
            verdict.refuse("TURNED", text)
            return


def check_presentation(card: ModelCard, series: Series, verdict: Collected) -> None:
    """Raw detector pictures look like negatives, or like nothing."""
    if not card.input.presentation:
        return
    if any(_is_raw(instance) for instance in series.instances):
        text = "These are raw detector pictures (for processing); this model reads pictures for presentation."
        verdict.refuse("PRESENTATION", text)


def _is_raw(instance: Instance) -> bool:
    return instance.sop_class in FOR_PROCESSING


def check_films(card: ModelCard, series: Series, verdict: Collected) -> None:
    """A film is no single picture."""
    if not card.input.films and any(instance.frames > 1 for instance in series.instances):
        verdict.refuse("MULTI_FRAME", "The image has several frames; this model reads single pictures.")


def check_described(card: ModelCard, series: Series, verdict: Collected) -> None:
    """Whether the description says what only it can say ("short axis")."""
    if not card.input.described:
        return
    word = _described_as(card, series)
    if word:
        verdict.checked.append(word)
        return
    wanted = card.input.described[0]
    text = f"The header does not say that the pictures are {wanted}, which this model needs."
    verdict.warn("NOT_DESCRIBED", text)


def _described_as(card: ModelCard, series: Series) -> str:
    """The first of the card's words that the description holds; empty where there is none."""
    text = f" {series.description} {series.acquisition.protocol} ".upper()
    plain = "".join(c if c.isalnum() else " " for c in text)
    spaced = f" {' '.join(plain.split())} "
    return next((word for word in card.input.described if f" {word.upper()} " in spaced), "")


def check_gated(card: ModelCard, series: Series, verdict: Collected) -> None:
    """Pictures of a beating organ: timed by the heartbeat, or said to be of it, or several of one place.

    A header may be silent about all that (pictures without places, a film without a word): then the other
    checks have warned. A plain stack, each place once, that is silent too is another organ.
    """
    if not card.input.gated:
        return
    if any(instance.gated for instance in series.instances):
        verdict.checked.append("timed by the heartbeat")
        return
    told = f"{series.body_part} {series.description} {series.acquisition.protocol}"
    wanted = {region for region in REGIONS for part in card.input.body_parts if names(part, region)}
    if _described_as(card, series) or any(names(told, region) for region in wanted):
        return
    if not _several_of_one_place(series) and all(one.position is not None for one in series.instances):
        organ = " or ".join(sorted(wanted))
        text = f"Nothing in the header speaks of the {organ}: no name, no heartbeat, no place shown twice."
        verdict.refuse("NOT_GATED", text)


def _several_of_one_place(series: Series) -> bool:
    """A film, or one phase of several that the series was split into."""
    places = [one.position for one in series.instances]
    return len(set(places)) < len(places) or SeriesIssue.DUPLICATE_POSITION in series.issues


PICTURE_CHECKS = (
    check_view,
    check_lie,
    check_presentation,
    check_films,
    check_described,
    check_gated,
)
