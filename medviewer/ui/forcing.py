"""The reader's override of a refusal: which model it is about, why it was refused, whether it leads anywhere.

A model may be refused by the headers before any run, or by what a run saw when it looked at the pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

from medviewer.ai.findings import Notice, ResultState
from medviewer.imaging.volume import Unit
from medviewer.review.state import State
from medviewer.ui.analyzing import Offer


def refused(offers: Sequence[Offer], state: State) -> Offer | None:
    """The model that an override is about: the one whose refusal is on screen, else the nearest to fit."""
    made = state.result.provenance.model_id if state.result is not None else ""
    return next((offer for offer in offers if offer.bundle.card.id == made), offers[0] if offers else None)


def reasons_against(offer: Offer, state: State) -> tuple[Notice, ...]:
    """Why the model should not run: what the headers say, or what a run saw in the pictures."""
    result = state.result
    if result is None or result.state is not ResultState.NOT_SUITABLE:
        return offer.fit.reasons
    return result.reasons if result.provenance.model_id == offer.bundle.card.id else offer.fit.reasons


def may_force(offer: Offer | None, state: State) -> bool:
    """Whether an override leads anywhere: no model reads colour, or measures what has no geometry."""
    series = state.series
    if offer is None or series is None or not reasons_against(offer, state):
        return False
    placed = series.geometry is not None or not offer.bundle.card.input.planes
    return placed and series.unit is not Unit.RGB
