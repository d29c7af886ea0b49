"""A whole analysis, gate to findings, against nothing but the network on the same pictures."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from medviewer.ai import runner
from medviewer.ai.catalog import Bundle, find
from medviewer.ai.pipelines import Pipeline, pipeline_for
from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from medviewer.imaging.volume import Volume
from medviewer.tasks import TaskContext
from medviewer.training.demo import write_demo
from tests.bench.clock import Row, in_turns

MODEL = "lung-ct"


_SLICES, _SPACING_MM = 60, (5.0, 0.7, 0.7)


class _Bare:
    """The network as anyone would call it: batches ready, no gate, no resampling back, no findings."""

    def __init__(self, bundle: Bundle, volume: Volume) -> None:
        self._device = runner.pick_device()
        self._dtype = runner.pick_dtype(self._device)
        self._network = runner.load_network(bundle, self._device)
        pipeline = pipeline_for(bundle.card)
        assert isinstance(pipeline, Pipeline)
        source = pipeline.prepare(volume)
        self._batches = [torch.from_numpy(source.batch([k])) for k in range(source.count)]

    def in_a_row(self) -> None:
        """One slice after the other, torch spreading each over all cores."""
        torch.set_num_threads(cores())
        for batch in self._batches:
            self._ask(batch)

    def side_by_side(self) -> None:
        """A slice a core, as the runner does it."""
        with ThreadPoolExecutor(cores(), initializer=lambda: torch.set_num_threads(1)) as pool:
            for _ in pool.map(self._ask, self._batches):
                pass

    def _ask(self, batch: torch.Tensor) -> None:
        reduced = self._dtype is not torch.float32
        with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=reduced):
            self._network(batch.to(self._device)).cpu()


def cores() -> int:
    """Cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def open_demo(folder: Path) -> tuple[Series, Volume]:
    """The demo study, thinner for the bench, written and loaded."""
    demo = write_demo(folder, slices=_SLICES, spacing_mm=_SPACING_MM)
    series = next(s for s in scan([demo.series_folder]).all_series() if s.modality == "CT")
    return series, load_series(series)


def measure(folder: Path, repeats: int = 3) -> list[Row]:
    """Demo study, bundled model, this machine's best device."""
    bundle = find(MODEL)
    series, volume = open_demo(folder)
    request = runner.Request(bundle, series, series.study_uid, volume)
    bare = _Bare(bundle, volume)
    states: list[str] = []

    def whole() -> None:
        states.append(runner.analyze(request, TaskContext()).state)

    contenders = {"ours": whole, "row": bare.in_a_row, "side": bare.side_by_side}
    taken = in_turns(contenders, repeats, warm=False)
    if set(states) - {"findings", "partial"}:
        raise AssertionError(f"the analysis ended {states}, so its time means nothing")
    note = f"{len(series.instances)} slices, {runner.device_line()}"
    name = f"analyze the demo ({note})"
    return [
        Row(name, taken["ours"], "s", "the bare network, slice after slice", taken["row"]),
        Row(name, taken["ours"], "s", "the bare network, a slice a core", taken["side"]),
    ]
