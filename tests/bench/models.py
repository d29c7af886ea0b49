"""Every bundled model on a fitting study, gate to findings, against its network alone on the same inputs.

The network alone is called one input after the other, torch spreading each over all cores. What it is given
is recorded in a first run, so that both do the same sums. Studies are those of ``../shared/data``; what
is not there is left out. bfloat16 is measured where the CPU computes it itself.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from medviewer.ai import runner
from medviewer.ai.catalog import Bundle, find
from medviewer.ai.request import Request
from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from medviewer.imaging.volume import Volume
from medviewer.tasks import TaskContext
from medviewer.training import folders
from tests.ai.pictures import MR_CLASS, stack, x_ray
from tests.bench.analysis import cores, open_demo
from tests.bench.clock import Row, in_turns

Opened = tuple[Series, Volume, str]
"""A study that fits and the patient's age."""
_ENDED = {"findings", "partial", "nothing_found", "failed"}
"""How a run that asked the network may end: its time is measured, not its answer."""


class Recorder(nn.Module):
    """The network, and what it is given."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.given: list[torch.Tensor] = []
        self._lock = threading.Lock()

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """The network's answer."""
        with self._lock:
            self.given.append(picture.detach().clone())
        answer: torch.Tensor = self.network(picture)
        return answer


@dataclass
class _Contest:
    """One model on one study: the whole way, and the network alone."""

    bundle: Bundle
    request: Request
    given: list[torch.Tensor] = field(default_factory=list)
    network: nn.Module | None = None
    reduced: bool = False

    def record(self) -> None:
        """One run, keeping what the network is given and at which precision."""
        with _watched() as seen:
            result = runner.analyze(self.request, TaskContext())
        if result.state.value not in _ENDED:
            said = " ".join(reason.text for reason in result.reasons)
            raise AssertionError(f"{self.bundle.card.id} ended {result.state}: {said}")
        own = seen[-1]
        self.network, self.given = own.network, own.given
        self.reduced = result.provenance.dtype == "bfloat16"

    def whole(self) -> None:
        """Gate to findings."""
        runner.analyze(self.request, TaskContext())

    def alone(self) -> None:
        """The network on what it was given."""
        self._ask(reduced=self.reduced)

    def alone_in(self, *, reduced: bool) -> Callable[[], None]:
        """The network at a precision of choice."""
        return lambda: self._ask(reduced=reduced)

    def _ask(self, *, reduced: bool) -> None:
        assert self.network is not None
        torch.set_num_threads(cores())
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=reduced):
            for picture in self.given:
                self.network(picture)


@contextmanager
def _watched() -> Iterator[list[Recorder]]:
    """Every network that is loaded meanwhile is recorded; the model's own comes last, after the router's."""
    made: list[Recorder] = []
    load = runner.load_network

    def recorded(bundle: Bundle, device: torch.device) -> nn.Module:
        made.append(Recorder(load(bundle, device)))
        return made[-1].eval()

    runner.load_network = recorded
    try:
        yield made
    finally:
        runner.load_network = load


def measure(folder: Path, repeats: int = 3) -> list[Row]:
    """Whole run over network alone, and bfloat16 over float32 of the network, for each model."""
    rows: list[Row] = []
    for name, study in _studies(folder).items():
        opened = study()
        if opened is None:
            sys.stderr.write(f"{name}: its study is not on this machine\n")
            continue
        rows += _rows(name, *opened, repeats)
    return rows


def _rows(name: str, series: Series, volume: Volume, age: str, repeats: int) -> list[Row]:
    bundle = find(name)
    contest = _Contest(bundle, Request(bundle, series, series.study_uid, volume, "cpu", patient_age=age))
    contest.record()
    taken = in_turns({"whole": contest.whole, "alone": contest.alone}, repeats, warm=False)
    images = f"{len(series.instances)} image{'s' if len(series.instances) > 1 else ''}"
    note = f"{images}, {len(contest.given)} looks, {'bfloat16' if contest.reduced else 'float32'}"
    rows = [
        Row(f"{name}, gate to findings", taken["whole"], "s", "its network alone", taken["alone"], note=note)
    ]
    if runner.pick_dtype(torch.device("cpu")) is torch.bfloat16:
        contest.given = contest.given[: max(1, min(8, len(contest.given)))]
        both = in_turns({d: contest.alone_in(reduced=d == "bf16") for d in ("bf16", "fp32")}, repeats)
        rows.append(Row(f"{name}, network in bfloat16", both["bf16"], "s", "in float32", both["fp32"]))
    return rows


def _studies(folder: Path) -> dict[str, Callable[[], Opened | None]]:
    data = folders.data()
    return {
        "lung-ct": lambda: (*open_demo(folder), "050Y"),
        "cxr-anatomy": lambda: _film(sorted((data / "evaluation" / "cxr_adult").glob("*.png")), "050Y"),
        "cxr-pneumonia": lambda: _film(
            sorted((data / "training" / "cxr_paediatric" / "images").rglob("*.*"))[:1], "004Y"
        ),
        "cardiac-mr": lambda: _cine(
            sorted((data / "training" / "cardiac_sunnybrook" / "Test" / "Images").rglob("*.png"))[:20]
        ),
        "brain-mr": lambda: _head(data / "studies" / "mr_brain_t1_studyforrest"),
    }


def _film(paths: list[Path], age: str) -> Opened | None:
    chosen = [path for path in paths if "mask" not in path.name][:1]
    if not chosen:
        return None
    picture = _grey(chosen[0])
    return x_ray(shape=picture.shape), stack(picture), age


def _cine(paths: list[Path]) -> Opened | None:
    if not paths:
        return None
    pictures = [_grey(path) for path in paths]
    pictures = [one for one in pictures if one.shape == pictures[0].shape]
    series = x_ray(len(pictures), view="", shape=pictures[0].shape, modality="MR")
    instances = tuple(replace(one, sop_class=MR_CLASS) for one in series.instances)
    return replace(series, instances=instances, body_part="HEART"), stack(*pictures), "050Y"


def _head(folder: Path) -> Opened | None:
    if not folder.is_dir():
        return None
    (series,) = scan([folder]).all_series()
    return series, load_series(series), "030Y"


def _grey(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path).convert("L"))
