"""Devices and memory: chosen by name, never replaced silently."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from medviewer.ai import runner, slicewise
from medviewer.ai.catalog import Bundle
from medviewer.ai.findings import AnalysisResult, ResultState
from medviewer.ai.pipelines import Pipeline, pipeline_for
from medviewer.ai.runner import device_line, pick_device
from medviewer.errors import DeviceError
from medviewer.tasks import TaskContext
from tests.ai.bundles import Oracle, box_chest, full_mask, request_for, run


def test_out_of_memory_makes_the_batch_smaller_once_and_says_so(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(slicewise.BATCH, "cpu", 8)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    whole = run(bundle, box_chest())
    sizes: list[int] = []
    plain = Oracle.forward

    def forward(self: Oracle, picture: torch.Tensor) -> torch.Tensor:
        sizes.append(picture.shape[0])
        if picture.shape[0] == 8:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(self, picture)

    monkeypatch.setattr(Oracle, "forward", forward)
    result = run(bundle, box_chest())
    assert sizes[:2] == [1, 8]
    assert sum(size for size in sizes if size < 8) == 14
    assert sizes.count(2) == 4
    assert result.warnings[0].code == "SMALLER_BATCH"
    assert np.array_equal(full_mask(result, "Right lung"), full_mask(whole, "Right lung"))


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("can't allocate memory"), MemoryError()],
    ids=["gpu", "cpu", "python"],
)
def test_out_of_memory_again_is_a_device_error_and_no_silent_change(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def forward(self: Oracle, picture: torch.Tensor) -> torch.Tensor:
        raise error

    monkeypatch.setattr(Oracle, "forward", forward)
    with pytest.raises(DeviceError, match="too little free memory"):
        run(bundle, box_chest())


def test_a_gpu_out_of_memory_offers_the_cpu(bundle: Bundle) -> None:
    request = request_for(bundle, box_chest())
    pipeline = pipeline_for(bundle.card)
    assert isinstance(pipeline, Pipeline)
    source = pipeline.prepare(request.volume)
    loop = slicewise.SliceRun(request, TaskContext(), source, Oracle(), torch.device("cuda"), torch.float32)
    loop._shrink(16)
    loop._shrink(16)
    with pytest.raises(DeviceError, match="graphics card") as caught:
        loop._shrink(4)
    assert "CPU" in caught.value.hint


def test_an_error_of_the_program_is_not_taken_for_memory(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forward(self: Oracle, picture: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(Oracle, "forward", forward)
    with pytest.raises(RuntimeError, match="shapes"):
        run(bundle, box_chest())


def test_a_device_is_chosen_by_name_and_never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto").type == "cpu"
    assert device_line().startswith("GPU: none, CPU")
    with pytest.raises(DeviceError, match="No usable GPU"):
        pick_device("cuda")
    with pytest.raises(DeviceError, match="tpu"):
        pick_device("tpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device("auto").type == "cuda"
    assert pick_device("cpu").type == "cpu"


def test_threads_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert "3 threads" in device_line(torch.device("cpu"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert device_line(torch.device("cpu")).endswith("1 thread")


def test_bfloat16_is_used_only_where_the_processor_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    assert runner.pick_dtype(cpu) is torch.float32
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    assert runner.pick_dtype(cpu) is torch.bfloat16
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported")
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported")
    assert runner.pick_dtype(cpu) is torch.float32
    assert runner.pick_dtype(torch.device("cuda")) is torch.float32


def test_a_run_works_on_a_worker_thread(bundle: Bundle) -> None:
    results: list[AnalysisResult] = []
    worker = threading.Thread(target=lambda: results.append(run(bundle, box_chest())))
    worker.start()
    worker.join()
    assert results[0].state is ResultState.FINDINGS
