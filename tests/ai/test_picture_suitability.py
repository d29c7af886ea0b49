"""How a picture lies is judged on the views that are read: a lateral lies as laterals do."""

from __future__ import annotations

from dataclasses import replace

from medviewer import paths
from medviewer.ai.card import ModelCard, load_card
from medviewer.ai.suitability import fit
from tests.ai.pictures import x_ray


def card() -> ModelCard:
    return load_card(paths.models() / "cxr-anatomy" / "card.json")


def test_a_lateral_is_refused_for_its_view_alone() -> None:
    series = x_ray(view="LL")
    series = replace(series, instances=tuple(replace(i, edges=("P", "F")) for i in series.instances))
    verdict = fit(card(), series, "050Y")
    assert [reason.code for reason in verdict.reasons] == ["VIEW"]


def test_a_lateral_beside_a_frontal_picture_does_not_forbid_the_frontal_one() -> None:
    series = x_ray(2)
    frontal = replace(series.instances[0], view="PA", edges=("L", "F"))
    lateral = replace(series.instances[1], view="LL", edges=("P", "F"))
    verdict = fit(card(), replace(series, instances=(frontal, lateral)), "050Y")
    assert verdict.ok
    assert "VIEW" in [warning.code for warning in verdict.warnings]


def test_a_frontal_picture_of_untold_view_on_its_side_is_refused() -> None:
    series = x_ray(view="")
    series = replace(series, instances=tuple(replace(i, edges=("F", "L")) for i in series.instances))
    assert [reason.code for reason in fit(card(), series, "050Y").reasons] == ["TURNED"]
