"""What the button and the card say of the models that could run: plain words, honest estimates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medviewer.ai.catalog import Fit
from medviewer.ai.findings import Notice
from medviewer.review.state import State
from medviewer.review.stop_rule import Stop
from medviewer.ui.forcing import may_force
from medviewer.ui.offers import (
    Offer,
    about,
    button_tip,
    button_words,
    held_back,
    menu_line,
    offer_lines,
    subject,
    total_seconds,
    wanted,
    with_stops,
)
from tests.review.makers import make_series
from tests.ui.windows import BUNDLE, bundle_of

YES = Fit(True, (), ("CT", "chest"))
NO = Fit(False, (Notice("MODALITY", "The images are CT; this model reads MR."),))
LUNGS = Offer(BUNDLE, YES, 6.0)
OTHERS = Offer(bundle_of("other", "Lungs on chest CT (Others)"), YES, 30.0)
HEART = Offer(bundle_of("heart", "Left ventricle on short-axis cine MR"), NO, 5.0)


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Lungs on chest CT", "chest CT"),
        ("Lungs on chest CT (UNet-Small)", "chest CT"),
        ("Lungs and heart on chest X-ray", "chest X-ray"),
        ("Pneumonia on children's chest X-rays", "children's chest X-rays"),
        ("Brain structures", "brain structures"),
        ("CT of everything", "CT of everything"),
    ],
)
def test_that_the_subject_of_a_title_reads_right(title: str, words: str) -> None:
    assert subject(title) == words


def test_that_the_button_names_what_a_click_runs() -> None:
    assert button_words([]) == "Analyze"
    assert button_words([LUNGS, HEART]) == "Analyze: chest CT"
    assert button_words([LUNGS, OTHERS, HEART]) == "Analyze: chest CT, 2 models"
    xray = Offer(bundle_of("x", "Lungs on chest X-ray"), YES, 1.0)
    assert button_words([LUNGS, xray]) == "Analyze: 2 models"
    assert button_words([HEART]) == "Analyze: short-axis cine MR"


def test_that_all_that_suit_are_wanted_and_where_none_does_the_nearest() -> None:
    assert wanted([LUNGS, OTHERS, HEART]) == (LUNGS, OTHERS)
    assert wanted([HEART]) == (HEART,)
    assert wanted([]) == ()


def test_that_seconds_are_summed_and_unknown_ones_make_no_sum() -> None:
    assert total_seconds([LUNGS, OTHERS]) == 36.0
    assert total_seconds([LUNGS, Offer(OTHERS.bundle, YES, None)]) is None
    assert about(0.2) == "about 1\u2009s"
    assert about(89.4) == "about 89\u2009s"
    assert about(150.0) == "about 2\u2009min"
    assert "Together about 36\u2009s" in button_tip([LUNGS, OTHERS, HEART])
    assert "About 6\u2009s" in button_tip([LUNGS, HEART])
    assert "about" not in button_tip([HEART]).lower()


def test_that_a_line_of_the_menu_says_the_time_or_the_reason() -> None:
    assert menu_line(OTHERS) == "Lungs on chest CT (Others), about 30\u2009s"
    assert menu_line(Offer(OTHERS.bundle, YES, None)) == "Lungs on chest CT (Others)"
    assert menu_line(HEART) == "Left ventricle on short-axis cine MR: The images are CT; this model reads MR."


def test_that_the_card_says_what_can_run_or_why_nothing_can() -> None:
    assert offer_lines([LUNGS, OTHERS, HEART]) == (
        "Lungs on chest CT can run, about 6\u2009s. Checked: CT, chest.",
        "Lungs on chest CT (Others) can run, about 30\u2009s. Checked: CT, chest.",
    )
    assert offer_lines([HEART]) == (
        "Left ventricle on short-axis cine MR does not suit this series:",
        "The images are CT; this model reads MR.",
    )
    assert offer_lines([]) == ("No model is installed.",)


def test_that_an_override_is_for_misfits_of_known_geometry() -> None:
    placed, flat = State(series=make_series()), State(series=make_series(geometry=None))
    assert may_force(HEART, placed)
    assert not may_force(HEART, flat)
    assert not may_force(LUNGS, placed)
    assert not may_force(None, placed)
    assert not may_force(HEART, State())


STOP = Stop((BUNDLE.card.id, BUNDLE.card.version), 20, 8, 0, 12, "2026-11-21T10:14:00+00:00")
HELD = "Stopped by this site's rule: 12 of the last 20 rejected."


def test_that_a_stopped_model_stands_behind_those_that_suit_and_says_why() -> None:
    told = with_stops([LUNGS, OTHERS, HEART], {STOP.version: STOP})
    assert [offer.bundle.card.id for offer in told] == ["other", BUNDLE.card.id, "heart"]
    assert wanted(told) == (OTHERS,)
    stopped = told[1]
    assert [reason.text for reason in held_back(stopped)] == [HELD]
    assert menu_line(stopped) == f"Lungs on chest CT: {HELD}"
    assert "Does not run on a click:" in button_tip([stopped])
    assert offer_lines([stopped]) == ("Lungs on chest CT does not run on a click:", HELD)


def test_that_another_version_of_a_stopped_model_runs() -> None:
    other = replace(STOP, version=(BUNDLE.card.id, "9.9.9"))
    assert with_stops([LUNGS], {other.version: other}) == [LUNGS]
    assert held_back(LUNGS) == ()


def test_that_a_stop_is_told_before_what_else_is_wrong() -> None:
    stop = replace(STOP, version=("heart", HEART.bundle.card.version))
    (told,) = with_stops([HEART], {stop.version: stop})
    assert [reason.code for reason in told.fit.reasons] == ["STOPPED", "MODALITY"]
    assert may_force(told, State(series=make_series()))
