"""Run a model on a series: device, weights, slices, cancel → :class:`AnalysisResult`. Torch lives here.

The slice on screen comes first, the rest outward. Between any two batches the run can be cancelled; a
cancelled run leaves nothing behind. What the network said is never replaced silently: a smaller batch, an
override or an empty slice is written into the result.

Ends: FINDINGS; PARTIAL (some slices held no picture); NOT_SUITABLE and FAILED, both with reasons. Where the
network finds nothing that a body must have, or numbers that are not finite, the end is FAILED ("no reliable
result"): an empty overlay would read as "normal".
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from torch import nn

from medviewer.ai import estimate, networks
from medviewer.ai.catalog import Bundle, read_weights
from medviewer.ai.cores import worker_count
from medviewer.ai.findings import AnalysisResult, Notice
from medviewer.ai.memory import is_out_of_memory, memory_told, no_memory
from medviewer.ai.pipelines import NetworkInput, outward, pipeline_for
from medviewer.ai.request import Ending, OnSlice, Request, judge, may_run
from medviewer.errors import BundleError, DeviceError
from medviewer.tasks import TaskContext

__all__ = [
    "OnSlice",
    "Request",
    "analyze",
    "device_line",
    "expected_seconds",
    "load_network",
    "pick_device",
    "pick_dtype",
    "self_test",
]

_BATCH = {"cpu": 1, "cuda": 16}
"""Slices at once. One on the CPU: as fast as more, cancelled sooner, and the order changes no bit."""
_LISTEN_SECONDS = 0.1
"""How often a cancel is looked for while a slice is computed."""
_SLICES_SHARE = 0.9
"""Share of the progress bar that the slices take; the rest is cleaning and measuring."""


Answer = dict[int, NDArray[np.bool_]]
"""Class → mask on one picture."""


class _NoReliableResult(Exception):
    """The network's numbers are not finite."""


def pick_device(wanted: str = "auto") -> torch.device:
    """ "auto" | "cuda" | "cpu". Raises :class:`DeviceError` where the one asked for is not there."""
    if wanted not in ("auto", "cuda", "cpu"):
        raise DeviceError(f"There is no device {wanted!r}.", "Choose auto, cuda or cpu.")
    if wanted == "cpu" or (wanted == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise DeviceError("No usable GPU was found.", "Run on the CPU instead.")
    return torch.device("cuda")


def device_line(device: torch.device | None = None) -> str:
    """One line naming the device: "GPU: none, CPU, 2 threads" or "GPU: NVIDIA H200"."""
    device = pick_device() if device is None else device
    if device.type == "cuda":
        return f"GPU: {torch.cuda.get_device_name(device)}"
    threads = worker_count()
    return f"GPU: none, CPU, {threads} thread{'s' if threads > 1 else ''}"


def _polite_thread() -> None:
    """A worker computes on one core, and on Linux yields to the window."""
    torch.set_num_threads(1)
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)


def pick_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on a CPU that computes it natively, else float32: emulated it is catastrophically slow."""
    if device.type != "cpu":
        return torch.float32
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        # Private to torch: absent from another build means "not known", so float32.
        supported: Callable[[], bool] | None = getattr(torch.cpu, name, None)
        if supported is not None and supported():
            return torch.bfloat16
    return torch.float32


def load_network(bundle: Bundle, device: torch.device) -> nn.Module:
    """The bundle's network with its weights, in evaluation mode.

    The bytes are hashed first and the same bytes are loaded, strictly. Raises :class:`BundleError`.
    """
    content = read_weights(bundle)
    network = networks.build(bundle.card.network.name, bundle.card.network.args)
    try:
        network.load_state_dict(load_safetensors(content), strict=True)
    except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
        message = f"The weights of model {bundle.card.id!r} do not belong to its network."
        raise BundleError(message, "Reinstall the model.") from error
    return network.eval().to(device)


@dataclass
class _Run:
    """The loop over the slices of one request.

    On the CPU every worker thread takes a slice of its own and computes it on one core: nothing waits at
    barriers while the window needs a core, and the answer does not depend on the number of cores.
    """

    request: Request
    context: TaskContext
    source: NetworkInput
    network: nn.Module
    device: torch.device
    dtype: torch.dtype
    warnings: list[Notice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._batch = _BATCH[self.device.type]
        self._workers = worker_count() if self.device.type == "cpu" else 1
        self._shrunk = False
        self._classes = np.zeros(self.request.volume.shape, np.uint8)
        self._began = time.monotonic()
        # Streaming makes sense only where a picture of the network is a stored slice.
        self._stored = self.source.view.axes[0] == 0

    def classes(self) -> NDArray[np.uint8]:
        """The class of every voxel on the stored grid."""
        todo = deque(outward(self.source, self.request.first_slice))
        total, done = len(todo), 0
        running: deque[tuple[list[int], Future[list[Answer]]]] = deque()
        with ThreadPoolExecutor(self._workers, "slices", initializer=_polite_thread) as pool:
            try:
                while todo or running:
                    while todo and len(running) <= self._workers:
                        size = 1 if len(todo) == total else self._batch
                        chunk = [todo.popleft() for _ in range(min(size, len(todo)))]
                        running.append((chunk, pool.submit(self._answers, chunk)))
                    chunk, future = running.popleft()
                    answers = self._wait(future)
                    if answers is None:
                        self._shrink(len(chunk))
                        todo.extendleft(reversed(chunk))
                        continue
                    for index, answer in zip(chunk, answers, strict=True):
                        self._keep(index, answer)
                    done += len(chunk)
                    self._report(done, total)
            finally:
                for _, future in running:
                    future.cancel()
        return self._classes

    def _wait(self, future: Future[list[Answer]]) -> list[Answer] | None:
        """The answers of a chunk, listening for a cancel meanwhile; None where memory ran out."""
        while not future.done():
            self.context.check()
            wait((future,), timeout=_LISTEN_SECONDS)
        self.context.check()
        try:
            return future.result()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return None

    def _answers(self, indices: list[int]) -> list[Answer]:
        """Masks by class of some pictures, on a worker. Raises :class:`_NoReliableResult`."""
        batch = torch.from_numpy(self.source.batch(indices)).to(self.device)
        reduced = self.dtype is not torch.float32
        with torch.inference_mode(), torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=reduced):
            logits = self.network(batch)
        probabilities = torch.softmax(logits.float(), dim=1)
        if probabilities.shape[1] != len(self.request.bundle.card.network.outputs):
            raise BundleError("The network has not the classes its card lists.", "Reinstall the model.")
        if not bool(torch.isfinite(probabilities).all()):
            raise _NoReliableResult
        picture = probabilities.cpu().numpy()
        return [self.source.restore(index, picture[k]) for k, index in enumerate(indices)]

    def _shrink(self, size: int) -> None:
        """After ``size`` slices ran out of memory: a quarter of the batch, once; then the reader decides."""
        if size > self._batch:
            return  # submitted before the batch was made smaller
        if self._shrunk or self._batch == 1:
            raise no_memory(self.device.type)
        self._shrunk = True
        self._batch = max(1, self._batch // 4)
        torch.cuda.empty_cache()
        self.warnings.append(
            Notice("SMALLER_BATCH", "Memory ran out once; the run went on in smaller pieces.")
        )

    def _keep(self, index: int, answer: Answer) -> None:
        """Write one picture's classes onto the stored grid and tell the listener."""
        picture = self.source.view.extract(self._classes, index)
        for number, inside in answer.items():
            picture[inside] = number
        if self.request.on_slice is None or not self._stored:
            return
        self.context.check()
        native = self.source.native_slice(index)
        shown = {label.id: self._classes[native] == label.id for label in self.request.bundle.card.labels}
        self.request.on_slice(native, shown)

    def _report(self, done: int, total: int) -> None:
        spent = time.monotonic() - self._began
        text = estimate.progress_text(self.request.bundle.card, self.device.type, done, total, spent)
        self.context.report(_SLICES_SHARE * done / total, text)


def analyze(request: Request, context: TaskContext) -> AnalysisResult:
    """Run the model; see the module for the ways it can end.

    Raises :class:`BundleError`, :class:`DeviceError`, :class:`~medviewer.errors.Cancelled`.
    """
    card = request.bundle.card
    pipeline = pipeline_for(card)
    verdict = judge(request)
    ending = Ending(request, verdict, torch.__version__)
    if not may_run(request, verdict):
        return ending.not_suitable()
    context.report(0.0, "Loading the model")
    device = pick_device(request.device)
    dtype = pick_dtype(device)
    ending.device, ending.dtype = device_line(device), str(dtype).removeprefix("torch.")
    with memory_told(device.type):
        network = load_network(request.bundle, device)
    with memory_told("cpu"):
        run = _Run(request, context, pipeline.prepare(request.volume), network, device, dtype)
    began = time.monotonic()
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            classes = run.classes()
    except _NoReliableResult:
        return ending.failed(_NOT_FINITE, tuple(run.warnings))
    with memory_told("cpu"):
        outcome = pipeline.finish(request.volume, classes, request.series, card, context)
    context.check()
    estimate.remember(card, device.type, request.volume.shape[0], time.monotonic() - began)
    context.report(1.0, "Done")
    return ending.done(outcome, tuple(run.warnings))


_NOT_FINITE = Notice("NO_RELIABLE_RESULT", "The model's numbers are not finite: there is no reliable result.")


def expected_seconds(bundle: Bundle, slices: int, device: str = "auto") -> float | None:
    """How long a run should take: from earlier runs on this device, else from the card; None if unknown."""
    return estimate.seconds_for(bundle.card, pick_device(device).type, slices)


def self_test(bundle: Bundle) -> str:
    """Hash, strict load and one small picture through the network on the CPU; one sentence when all is well.

    Raises :class:`BundleError`.
    """
    card = bundle.card
    pipeline_for(card)
    network = load_network(bundle, torch.device("cpu"))
    ramp = networks.ramp_picture(network)
    began = time.monotonic()
    with torch.inference_mode():
        answer = network(ramp)
    if answer.shape[1] != len(card.network.outputs) or not bool(torch.isfinite(answer).all()):
        raise BundleError(f"Model {card.id!r} fails its self-test.", "Reinstall the model.")
    count = sum(parameter.numel() for parameter in network.parameters())
    seconds = time.monotonic() - began
    return f"{card.id} {card.version}: hash right, {count:,} weights loaded, test picture in {seconds:.2f} s."
