"""Whatever a network of the shelf answers that is no answer: the run ends as "no reliable result", never as
"nothing found" and never with findings."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from medviewer import paths
from medviewer.ai import runner
from medviewer.ai.card import ModelCard, load_card
from medviewer.ai.catalog import Bundle
from medviewer.ai.findings import ResultState
from medviewer.ai.request import Request
from medviewer.dicom.study import Series
from medviewer.imaging.volume import Geometry, Unit, Volume
from medviewer.tasks import TaskContext
from tests.ai.bundles import box_chest
from tests.ai.pictures import MR_CLASS, picture, stack, x_ray

FLAT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
Given = tuple[Series, Volume, str]


class Answers(nn.Module):
    """Answers as many outputs as the card lists, each the same everywhere: ``first`` and the ``others``."""

    def __init__(self, card: ModelCard, first: float, others: float) -> None:
        super().__init__()
        self.count, self.flat = len(card.network.outputs), card.task == "classification"
        self.first, self.others = first, others

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """(n, outputs) of a classifier, (n, outputs, ...) of what outlines."""
        places = () if self.flat else picture.shape[2:]
        out = torch.full((picture.shape[0], self.count, *places), self.others)
        out[:, 0] = self.first
        return out


def _films() -> Given:
    return x_ray(shape=(96, 80)), stack(picture(), mm=0.4), "050Y"


def _child() -> Given:
    return x_ray(shape=(96, 80)), stack(picture(), mm=0.4), "003Y"


def _heart() -> Given:
    series = x_ray(1, view="", shape=(64, 64))
    one = replace(series.instances[0], sop_class=MR_CLASS)
    series = replace(series, instances=(one,), modality="MR", body_part="HEART", description="cine SAX")
    return series, stack(picture(64, 64), mm=1.4), "050Y"


def _lungs() -> Given:
    drawn = box_chest()
    return drawn.series, drawn.volume, "060Y"


def _head() -> Given:
    """For models of volumes that are no chest: an ellipsoid, bright on nothing."""
    z, y, x = np.ogrid[:96, :120, :100]
    inside = ((z - 48) / 40) ** 2 + ((y - 60) / 52) ** 2 + ((x - 50) / 42) ** 2 <= 1
    voxels = np.where(inside, 300 + (x + y + z) % 40, 0).astype(np.int16)
    geometry = Geometry.from_planes((0, 0, 0), FLAT, (1.75, 1.75), (0, 0, 1.75))
    series = replace(x_ray(96, view="", shape=(120, 100)), modality="MR", body_part="HEAD", geometry=geometry)
    return series, Volume(voxels, geometry, Unit.RAW), "050Y"


FITTING: dict[str, Callable[[], Given]] = {
    "lung_unet2d": _lungs,
    "chest": _films,
    "pneumonia": _child,
    "heart": _heart,
}
CARDS = [load_card(folder / "card.json") for folder in sorted(paths.models().iterdir()) if folder.is_dir()]
READ = [card for card in CARDS if not card.is_guard]

NAN, INF, MUCH = math.nan, math.inf, 20.0
NO_ANSWER: dict[str, tuple[float, float]] = {
    "NaN": (NAN, NAN),
    "infinity": (INF, INF),
    "minus infinity": (-INF, -INF),
    "NaN in the first output": (NAN, 0.5),
    "zeros": (0.0, 0.0),
}


def _background(card: ModelCard) -> tuple[float, float]:
    """Sure that there is nothing anywhere: the class of that name, or a small chance of every output."""
    return (MUCH, -MUCH) if card.network.outputs[0] == "background" else (-MUCH, -MUCH)


def _cases() -> list[Any]:
    cases = []
    for card in READ:
        answers = dict(NO_ANSWER)
        if card.task != "classification":  # to a classifier nothing is an answer like any other
            answers["all background"] = _background(card)
        cases += [pytest.param(card, values, id=f"{card.id}: {name}") for name, values in answers.items()]
    return cases


@pytest.mark.parametrize(("card", "values"), _cases())
def test_no_answer_is_no_reliable_result(
    card: ModelCard, values: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "load_network", lambda *_: Answers(card, *values))
    monkeypatch.setattr(runner, "router_on_shelf", lambda: None)
    series, volume, age = FITTING.get(card.reading or card.network.name, _head)()
    bundle = Bundle(paths.models() / card.id, card)
    request = Request(bundle, series, "1", volume, device="cpu", patient_age=age, force=True)
    result = runner.analyze(request, TaskContext())
    assert result.state is ResultState.FAILED
    assert result.findings == ()
    assert [reason.code for reason in result.reasons] == ["NO_RELIABLE_RESULT"]
    said = result.reasons[0].text.lower()
    assert "negative" not in said
    assert "normal" not in said


@pytest.mark.parametrize("card", READ, ids=[card.id for card in READ])
def test_the_images_of_this_test_suit_the_model(card: ModelCard) -> None:
    """Else the runs above would end for another reason than the network's answer."""
    key = card.reading or card.network.name
    if key not in FITTING:
        pytest.skip(f"the reading {key!r} is run on a stand-in, forced")
    series, volume, age = FITTING[key]()
    bundle = Bundle(paths.models() / card.id, card)
    verdict = runner.judge(Request(bundle, series, "1", volume, device="cpu", patient_age=age))
    assert verdict.ok, [reason.text for reason in verdict.reasons]
