"""One loop for all: exact after a kill, stopped politely, honest about a loss that is no number."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer.errors import Cancelled, WriteError
from medviewer.tasks import TaskContext
from medviewer.training import checkpoint
from medviewer.training.loop import Batch, BrokenTraining, Plan, train

PLAN = Plan(
    steps=24,
    seed=5,
    rate=1e-2,
    warmup=4,
    average=0.9,
    evaluate_every=8,
    checkpoint_every=4,
    threads=1,
    bf16=False,
)


@dataclass
class Line:
    """Learn y = 3x - 1 through a net with dropout and batch norm, both of which have memory to restore."""

    id: str = "line"
    best: str = "closeness"
    broken_at: int | None = None
    wait: bool = False

    def network(self) -> nn.Module:
        return nn.Sequential(nn.Linear(1, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 1))

    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        if self.wait and step == 10:
            # Announce that the run is under way, then hold it here to be killed.
            sys.stdout.write("waiting\n")
            sys.stdout.flush()
            threading.Event().wait(60)
        x = torch.from_numpy(generator.normal(size=(16, 1)).astype(np.float32))
        y = 3 * x - 1
        return x, y * float("nan") if step == self.broken_at else y

    def loss(self, network: nn.Module, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        value = nn.functional.mse_loss(network(batch[0]).float(), batch[1])
        return value, {"root": float(value.detach().sqrt())}

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        x = torch.linspace(-1, 1, 9)[:, None]
        with torch.inference_mode():
            return {"closeness": -float(((network(x) - 3 * x + 1) ** 2).mean())}

    def examples(self, network: nn.Module) -> list[tuple[str, NDArray[np.uint8]]]:
        return [("a <square>", np.full((4, 4, 3), 128, np.uint8))]


def same(a: nn.Module, b: nn.Module) -> bool:
    """Equal to the last bit."""
    return all(
        torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


def test_that_a_run_learns_and_equals_itself(tmp_path: Path) -> None:
    task = Line()
    plan = replace(PLAN, steps=150, checkpoint_every=150, evaluate_every=50)
    net = train(task, plan, tmp_path / "a", TaskContext())
    assert task.evaluate(net)["closeness"] > -0.5
    short = [train(task, PLAN, tmp_path / name, TaskContext()) for name in "bc"]
    assert same(*short)


def test_that_another_seed_is_another_run(tmp_path: Path) -> None:
    one = train(Line(), PLAN, tmp_path / "a", TaskContext())
    assert not same(one, train(Line(), replace(PLAN, seed=6), tmp_path / "b", TaskContext()))


def test_that_a_run_stopped_by_the_reader_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole = train(Line(), PLAN, tmp_path / "whole", TaskContext())
    context = TaskContext(lambda done, _: context.cancel() if done > 0.4 else None)
    with pytest.raises(Cancelled):
        train(Line(), PLAN, tmp_path / "cut", context)
    kept = checkpoint.load(tmp_path / "cut", "line")
    assert kept is not None
    assert 0 < kept["step"] < PLAN.steps
    assert same(whole, train(Line(), PLAN, tmp_path / "cut", TaskContext()))


_CHILD = """
import sys
from pathlib import Path
from medviewer.tasks import TaskContext
from medviewer.training.loop import train
from tests.training.test_loop import PLAN, Line
train(Line(wait=True), PLAN, Path(sys.argv[1]), TaskContext())
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_that_a_killed_process_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole = train(Line(), PLAN, tmp_path / "whole", TaskContext())
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", _CHILD, str(tmp_path / "killed")]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "waiting\n"
        child.kill()
    assert child.returncode == -signal.SIGKILL
    kept = checkpoint.load(tmp_path / "killed", "line")
    assert kept is not None
    assert kept["step"] in (4, 8)
    assert same(whole, train(Line(), PLAN, tmp_path / "killed", TaskContext()))


def test_that_a_checkpoint_written_in_half_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint.save(tmp_path, {"task": "line", "step": 3})

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(WriteError):
        checkpoint.save(tmp_path, {"task": "line", "step": 4})
    kept = checkpoint.load(tmp_path, "line")
    assert kept == {"task": "line", "step": 3}


def test_that_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    first = train(Line(), PLAN, tmp_path, TaskContext())
    before = (tmp_path / checkpoint.NAME).read_bytes()
    assert same(first, train(Line(), PLAN, tmp_path, TaskContext()))
    assert (tmp_path / checkpoint.NAME).read_bytes() == before


def test_that_without_resume_a_run_begins_anew(tmp_path: Path) -> None:
    train(Line(), replace(PLAN, seed=9), tmp_path, TaskContext())
    fresh = train(Line(), PLAN, tmp_path / "other", TaskContext())
    assert same(fresh, train(Line(), PLAN, tmp_path, TaskContext(), resume=False))


def test_that_a_loss_that_is_no_number_stops_with_a_sentence_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(BrokenTraining, match="step 13: the loss or its gradient is not a number") as caught:
        train(Line(broken_at=13), PLAN, tmp_path, TaskContext())
    assert "last checkpoint is kept" in caught.value.hint
    kept = checkpoint.load(tmp_path, "line")
    assert kept is not None
    assert kept["step"] == 12
    assert all(value.isfinite().all() for value in kept["net"].values())


def test_that_the_best_weights_are_returned_not_the_last(tmp_path: Path) -> None:
    class Worse(Line):
        asked = 0

        def evaluate(self, network: nn.Module) -> dict[str, float]:
            self.asked += 1
            self.seen = [*getattr(self, "seen", []), {k: v.clone() for k, v in network.state_dict().items()}]
            return {"closeness": float(-self.asked)}

    task = Worse()
    net = train(task, PLAN, tmp_path, TaskContext())
    assert len(task.seen) == 3
    assert all(torch.equal(value, task.seen[0][name]) for name, value in net.state_dict().items())


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 torn"])
def test_that_a_damaged_checkpoint_is_refused_with_a_remedy(tmp_path: Path, content: bytes) -> None:
    (tmp_path / checkpoint.NAME).write_bytes(content)
    with pytest.raises(BrokenTraining, match="damaged") as caught:
        train(Line(), PLAN, tmp_path, TaskContext())
    assert "--resume" in caught.value.hint


def test_that_a_checkpoint_of_another_task_or_network_is_refused(tmp_path: Path) -> None:
    train(Line(), replace(PLAN, steps=4), tmp_path, TaskContext())
    with pytest.raises(BrokenTraining, match="one of 'line', not of 'curve'"):
        train(Line(id="curve"), PLAN, tmp_path, TaskContext())

    class Wide(Line):
        def network(self) -> nn.Module:
            return nn.Linear(1, 1)

    with pytest.raises(BrokenTraining, match="another network"):
        train(Wide(), PLAN, tmp_path, TaskContext())


def test_that_minutes_end_a_run_and_bring_its_rate_down(tmp_path: Path) -> None:
    plan = replace(PLAN, steps=10**6, minutes=1e-9)
    train(Line(), plan, tmp_path, TaskContext())
    kept = checkpoint.load(tmp_path, "line")
    assert kept is not None
    assert kept["step"] == 1
    assert plan.rate_at(500, 1.0) == pytest.approx(plan.rate * 0.02)


def test_that_the_rate_rises_and_falls_as_the_plan_says() -> None:
    plan = Plan(steps=100, rate=1.0, warmup=10)
    assert plan.rate_at(0, 0) == pytest.approx(0.1)
    assert plan.rate_at(20, 0) == 1.0
    assert plan.rate_at(50, 0.5) == pytest.approx(0.02 + 0.98 / 2)
    assert replace(plan, decay="linear").rate_at(50, 0.25) == pytest.approx(0.02 + 0.98 * 0.75)
    assert replace(plan, decay="constant").rate_at(99, 0.99) == 1.0
    with pytest.raises(ValueError, match="at least 1"):
        Plan(steps=0)
