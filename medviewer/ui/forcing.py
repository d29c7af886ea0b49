"""The reader's override of a refusal: why the model was refused, whether the override leads anywhere.

A model may be refused by the headers before any run, or by what a run saw when it looked at the pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

from medviewer.ai.findings import Notice, ResultState
from medviewer.imaging.volume import Unit
from medviewer.review.state import State
from medviewer.ui.offers import Offer, held_back


def offer_of(model_id: str, offers: Sequence[Offer]) -> Offer | None:
    """The offer of a model, where it is on the shelf."""
    return next((offer for offer in offers if offer.bundle.card.id == model_id), None)


def reasons_against(offer: Offer, state: State) -> tuple[Notice, ...]:
    """Why the model should not run: what a run of it saw in the pictures, else what the headers say."""
    made = (r for r in state.results_here if r.provenance.model_id == offer.bundle.card.id)
    result = next(made, None)
    if result is None or result.state is not ResultState.NOT_SUITABLE:
        return offer.fit.reasons
    return (*held_back(offer), *result.reasons)


def may_force(offer: Offer | None, state: State) -> bool:
    """Whether an override leads anywhere: no model reads colour, or measures what has no geometry."""
    series = state.series
    if offer is None or series is None or not reasons_against(offer, state):
        return False
    placed = series.geometry is not None or not offer.bundle.card.input.planes
    return placed and series.unit is not Unit.RGB
