"""What the Analyze button offers on the series on screen, in words. No Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from medviewer.ai.catalog import Bundle, Fit
from medviewer.ai.findings import Notice
from medviewer.imaging.numbers import number
from medviewer.review.logbook_records import Version
from medviewer.review.stop_rule import Stop

_LONG_SECONDS = 90.0
STOPPED = "STOPPED"
"""Code of the reason that the site's stop rule holds a model back."""


@dataclass(frozen=True, eq=False)
class Offer:
    """A model and its verdict on the series on screen. ``seconds``: how long it takes, None: unknown."""

    bundle: Bundle
    fit: Fit
    seconds: float | None


def with_stops(offers: Sequence[Offer], stops: Mapping[Version, Stop]) -> list[Offer]:
    """The offers, those of stopped models no longer ones that suit, and behind these."""
    told = [_stopped(offer, stops.get((offer.bundle.card.id, offer.bundle.card.version))) for offer in offers]
    return sorted(told, key=lambda offer: not offer.fit.ok)


def _stopped(offer: Offer, stop: Stop | None) -> Offer:
    if stop is None:
        return offer
    reasons = (Notice(STOPPED, stop.words()), *offer.fit.reasons)
    return replace(offer, fit=replace(offer.fit, ok=False, reasons=reasons))


def held_back(offer: Offer) -> tuple[Notice, ...]:
    """Why the site holds the model back; nothing where it does not."""
    return tuple(reason for reason in offer.fit.reasons if reason.code == STOPPED)


def held_words(offers: Sequence[Offer]) -> str:
    """What a click says of models it does not run."""
    said = [f"{offer.bundle.card.title} did not run. {held_back(offer)[0].text}" for offer in offers]
    return " ".join((*said, "The list beside Analyze runs it anyway."))


def fitting(offers: Sequence[Offer]) -> tuple[Offer, ...]:
    """Those that suit the series, the best first."""
    return tuple(offer for offer in offers if offer.fit.ok)


def wanted(offers: Sequence[Offer]) -> tuple[Offer, ...]:
    """What a click on the button runs: all that suit; where none does the nearest, which says why not."""
    return fitting(offers) or tuple(offers[:1])


def about(seconds: float) -> str:
    """ "about 6 s", rounded as an estimate deserves."""
    if seconds >= _LONG_SECONDS:
        return f"about {number(round(seconds / 60), 'min')}"
    return f"about {number(max(1, round(seconds)), 's')}"


def total_seconds(offers: Sequence[Offer]) -> float | None:
    """How long all of them should take, one after the other; None where any of them is unknown."""
    known = [offer.seconds for offer in offers if offer.seconds]
    return sum(known) if known and len(known) == len(offers) else None


def subject(title: str) -> str:
    """What a model looks at, from its title: "Lungs and heart on chest X-ray" is "chest X-ray"; a title that
    names nothing to look at stays whole."""
    plain = re.sub(r"\s*\([^)]*\)\s*$", "", title.strip())
    words = plain.partition(" on ")[2] or plain
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def button_words(offers: Sequence[Offer]) -> str:
    """The word on the button: "Analyze: chest CT", of several "Analyze: chest CT, 2 models"."""
    chosen = wanted(offers)
    if not chosen:
        return "Analyze"
    subjects = dict.fromkeys(subject(offer.bundle.card.title) for offer in chosen)
    count = f"{len(chosen)} models" if len(chosen) > 1 else ""
    return "Analyze: " + ", ".join(x for x in (*list(subjects)[: len(subjects) == 1], count) if x)


def button_tip(offers: Sequence[Offer]) -> str:
    """What a click would run, and how long it takes: the tooltip of the button."""
    chosen = wanted(offers)
    lines = [verdict_text(offer) for offer in chosen]
    seconds = total_seconds(chosen)
    if seconds and chosen[0].fit.ok:
        together = "Together " if len(chosen) > 1 else ""
        words = f"{together}{about(seconds)}"
        lines.append(words[:1].upper() + words[1:])
    return "\n".join(lines) + "  (F5)"


def verdict_text(offer: Offer) -> str:
    """What was checked, or why not."""
    card = offer.bundle.card
    lines = [f"{card.title} {card.version}"]
    if offer.fit.ok:
        lines.append("Checked: " + ", ".join(offer.fit.checked))
    else:
        held = bool(held_back(offer))
        lines += [
            "Does not run on a click:" if held else "Not suitable:",
            *(reason.text for reason in offer.fit.reasons),
        ]
    lines += [warning.text for warning in offer.fit.warnings]
    return "\n".join(lines)


def menu_line(offer: Offer) -> str:
    """A model in the menu: its title and how long it takes, or why it does not suit."""
    title = offer.bundle.card.title
    if not offer.fit.ok:
        return f"{title}: {offer.fit.reasons[0].text}" if offer.fit.reasons else title
    return f"{title}, {about(offer.seconds)}" if offer.seconds else title


def offer_lines(offers: Sequence[Offer]) -> tuple[str, ...]:
    """What stands in the card before any run: what can run and what was checked, or why nothing can."""
    if not offers:
        return ("No model is installed.",)
    ready = fitting(offers)
    if not ready:
        card, fit = offers[0].bundle.card, offers[0].fit
        what = "does not run on a click" if held_back(offers[0]) else "does not suit this series"
        return (f"{card.title} {what}:", *(reason.text for reason in fit.reasons))
    lines = []
    for offer in ready:
        time = f", {about(offer.seconds)}" if offer.seconds else ""
        checked = ", ".join(offer.fit.checked)
        lines.append(f"{offer.bundle.card.title} can run{time}. Checked: {checked}.")
        lines += [warning.text for warning in offer.fit.warnings]
    return tuple(dict.fromkeys(lines))
