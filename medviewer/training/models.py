"""The models that can be made here: id → the module that knows its task, plan, card and evaluation.

A recipe module has these four functions; a new model is a module and a line in :data:`MODELS`.
"""

from __future__ import annotations

import difflib
import importlib
from pathlib import Path
from typing import Protocol, cast

from torch import nn

from medviewer import paths
from medviewer.ai.card import ModelCard
from medviewer.ai.catalog import Bundle
from medviewer.errors import UsageError
from medviewer.training.loop import Plan, Task
from medviewer.training.report import Report

MODELS = {
    "cardiac-mr": "medviewer.training.cardiac_mr",
    "cxr-anatomy": "medviewer.training.cxr_anatomy",
    "lung-ct": "medviewer.training.lung_ct",
    "cxr-pneumonia": "medviewer.training.cxr_pneumonia",
    "cxr-pneumonia-28": "medviewer.training.cxr_pneumonia_28",
    "router": "medviewer.training.router",
    "brain-mr": "medviewer.training.brain_mr",
}
"""Model id → recipe module (imported only when asked for)."""

PLACES = {"cxr-pneumonia-28": "cxr-pneumonia/mnist28"}
"""Models that lie somewhere else than ``models/<id>``, relative to the shelf."""


class Recipe(Protocol):
    """What a recipe module offers. ``quick`` is a tiny run through every step."""

    def task(self, quick: bool) -> Task:
        """What is learned, its data read and checked."""

    def plan(self, quick: bool) -> Plan:
        """How long and how hard."""

    def write_card(self, folder: Path, network: nn.Module, quick: bool) -> ModelCard:
        """Write the bundle (weights, card without figures, split) into ``folder``."""

    def evaluate(self, bundle: Bundle, quick: bool) -> Report:
        """Measure the bundle on what it has not seen."""


def recipe(model_id: str) -> Recipe:
    """The recipe of that id. Raises :class:`UsageError` naming the nearest for one there is none of."""
    if model_id not in MODELS:
        near = difflib.get_close_matches(model_id, list(MODELS), n=1, cutoff=0.0)[0]
        raise UsageError(f"There is no recipe for {model_id!r}.", f"The nearest known one is {near!r}.")
    return cast(Recipe, importlib.import_module(MODELS[model_id]))


def home(model_id: str) -> Path:
    """The folder of the shelf where the model lies."""
    return paths.models() / PLACES.get(model_id, model_id)
