"""What every recipe of pictures keeps: its quick training reaches the whole network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from medviewer.tasks import TaskContext
from medviewer.training.loop import train
from medviewer.training.models import Recipe


def two_steps_change_every_weight(recipe: Recipe, work: Path) -> None:
    """Two steps of the quick task move every weight, and none to what is no number."""
    task, plan = recipe.task(True), replace(recipe.plan(True), steps=2, threads=1)
    torch.manual_seed(plan.seed)
    before = task.network().state_dict()
    after = train(task, plan, work, TaskContext()).state_dict()
    assert all(value.isfinite().all() for value in after.values())
    moved = [name for name, value in after.items() if not torch.equal(value, before[name])]
    assert set(moved) >= {name for name in after if name.endswith("weight")}
