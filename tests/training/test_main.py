"""The command line of the training room: Ctrl-C, figures outside a card's interval, unknown models."""

from __future__ import annotations

import logging
import signal
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from medviewer.ai.card import Metric, ModelCard, load_card
from medviewer.ai.catalog import Bundle
from medviewer.tasks import TaskContext
from medviewer.training import __main__ as program
from medviewer.training import bundle, models
from medviewer.training.loop import Plan
from medviewer.training.report import Report, Section
from tests.ai.bundles import Oracle, example
from tests.conftest import ExpectLog
from tests.training.test_loop import Line

FIGURE = Metric("closeness", 0.5, "nine points", (0.4, 0.6), "", 9)


class Interrupted(Line):
    """Gets Ctrl-C in its third step."""

    def loss(
        self, network: nn.Module, batch: tuple[torch.Tensor, ...]
    ) -> tuple[torch.Tensor, dict[str, float]]:
        self.asked = getattr(self, "asked", 0) + 1
        if self.asked == 3:
            signal.raise_signal(signal.SIGINT)
        return super().loss(network, batch)


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A recipe that learns a line and writes the oracle's bundle; its figure may be moved."""

    def write_card(folder: Path, network: nn.Module, quick: bool) -> ModelCard:
        data: dict[str, Any] = example()
        del data["weights"]
        return bundle.write_bundle(folder, Oracle(), data)

    made = SimpleNamespace(task=lambda quick: Line(), write_card=write_card, figure=FIGURE)
    made.plan = lambda quick: Plan(steps=8, checkpoint_every=4, evaluate_every=4, threads=1, bf16=False)
    made.evaluate = lambda found, quick: Report("line", "1", (Section("points", (made.figure,)),))
    monkeypatch.setattr(models, "recipe", lambda model_id: made)
    return made


def test_that_ctrl_c_saves_stops_and_resume_finishes(
    recipe: SimpleNamespace, tmp_path: Path, expected_log: ExpectLog
) -> None:
    expected_log("Cancelled")
    recipe.task = lambda quick: Interrupted()
    before = signal.getsignal(signal.SIGINT)  # a job in the background was started with Ctrl-C ignored
    command = ["lung-ct", "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")]
    assert program.main(command) == 130
    kept = torch.load(tmp_path / "work" / "checkpoint.pt", weights_only=True)
    assert kept["step"] == 3
    assert not (tmp_path / "out").exists()
    assert signal.getsignal(signal.SIGINT) is before
    recipe.task = lambda quick: Line()
    assert program.main([*command, "--resume"]) == 0
    assert load_card(tmp_path / "out" / "card.json").metrics == (FIGURE,)


def test_that_a_second_ctrl_c_ends_at_once() -> None:
    with program._interruptible() as context:
        signal.raise_signal(signal.SIGINT)
        assert context.cancelled
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert isinstance(context, TaskContext)


def test_that_evaluation_says_whether_each_figure_lies_within(
    recipe: SimpleNamespace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    command = ["lung-ct", "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")]
    assert program.main(command) == 0
    check = ["evaluate", "lung-ct", "--bundle", str(tmp_path / "out")]
    with caplog.at_level(logging.INFO, "medviewer.training"):
        assert program.main(check) == 0
        assert any("closeness: 0.5 (card 0.5, 0.4 to 0.6): within" in line for line in caplog.messages)
        recipe.figure = replace(FIGURE, value=0.7)
        assert program.main(check) == 1
        assert any("OUTSIDE" in line for line in caplog.messages)
    # Measured only: the card is as it was, until --write is said.
    assert load_card(tmp_path / "out" / "card.json").metrics == (FIGURE,)
    assert program.main([*check, "--write"]) == 0
    assert load_card(tmp_path / "out" / "card.json").metrics[0].value == 0.7


def test_that_an_evaluation_that_fails_leaves_the_shelf_as_it_was(
    recipe: SimpleNamespace, tmp_path: Path
) -> None:
    def fails(found: Bundle, quick: bool) -> Report:
        raise ZeroDivisionError

    recipe.evaluate = fails
    with pytest.raises(ZeroDivisionError):
        program.main(["lung-ct", "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_that_the_plan_may_be_changed_from_the_command_line(recipe: SimpleNamespace, tmp_path: Path) -> None:
    out = ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")]
    assert program.main(["lung-ct", "--steps", "3", "--threads", "1", "--minutes", "5", *out]) == 0
    kept = torch.load(tmp_path / "work" / "checkpoint.pt", weights_only=True)
    assert kept["step"] == 3
    assert np.isfinite(kept["seconds"])


def test_that_all_measures_every_model_on_the_shelf_and_no_other(
    recipe: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(models, "home", lambda model_id: tmp_path / model_id)
    assert program.main(["lung-ct", "--work", str(tmp_path / "work"), "--steps", "1"]) == 0
    with caplog.at_level(logging.INFO, "medviewer.training"):
        assert program.main(["evaluate", "all"]) == 0
    assert sum("within" in line for line in caplog.messages) == 1


def test_that_an_unknown_model_is_a_usage_error(expected_log: ExpectLog) -> None:
    expected_log("no recipe for 'lung'")
    assert program.main(["lung", "--quick"]) == 2
