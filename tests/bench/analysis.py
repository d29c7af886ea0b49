"""A whole analysis, gate to findings, against nothing but the network on the same pictures."""

from __future__ import annotations

from pathlib import Path

import torch

from medviewer.ai import runner
from medviewer.ai.catalog import Bundle, find
from medviewer.ai.pipelines import pipeline_for
from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from medviewer.imaging.volume import Volume
from medviewer.tasks import TaskContext
from medviewer.training.demo import write_demo
from tests.bench.clock import Row, in_turns

MODEL = "lung-ct"


class _Bare:
    """The network as anyone would call it: batches ready, no gate, no resampling back, no findings."""

    def __init__(self, bundle: Bundle, volume: Volume) -> None:
        self._device = runner.pick_device()
        self._dtype = runner.pick_dtype(self._device)
        self._network = runner.load_network(bundle, self._device)
        source = pipeline_for(bundle.card).prepare(volume)
        self._batches = [torch.from_numpy(source.batch([k])) for k in range(source.count)]

    def run(self) -> None:
        reduced = self._dtype is not torch.float32
        with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=reduced):
            for batch in self._batches:
                self._network(batch.to(self._device)).cpu()


def open_demo(folder: Path) -> tuple[Series, Volume]:
    """The demo study written and loaded."""
    demo = write_demo(folder)
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

    taken = in_turns({"ours": whole, "bare": bare.run}, repeats)
    if set(states) - {"findings", "partial"}:
        raise AssertionError(f"the analysis ended {states}, so its time means nothing")
    note = f"{len(series.instances)} slices, {runner.device_line()}"
    return [Row("analyze the demo", taken["ours"], "s", "the bare network", taken["bare"], None, note)]
