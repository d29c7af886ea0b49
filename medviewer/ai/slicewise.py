"""A volume slice by slice through a network: the slice on screen first, then outward, cancelled any time."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer.ai import estimate, second_look
from medviewer.ai.asking import NoReliableResult
from medviewer.ai.cores import worker_count
from medviewer.ai.devices import polite_thread
from medviewer.ai.findings import Notice
from medviewer.ai.memory import is_out_of_memory, no_memory
from medviewer.ai.pipelines import NetworkInput, outward
from medviewer.ai.request import Request
from medviewer.errors import BundleError
from medviewer.tasks import TaskContext

BATCH = {"cpu": 1, "cuda": 16}
"""Slices at once. One on the CPU: as fast as more, cancelled sooner, and the order changes no bit."""
_LISTEN_SECONDS = 0.1
"""How often a cancel is looked for while a slice is computed."""

Answer = dict[int, NDArray[np.bool_]]
"""Class → mask on one picture."""


@dataclass
class SliceRun:
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
    looks_again: bool = False
    """Whether some pictures are looked at again in slightly changed copies."""

    def __post_init__(self) -> None:
        self._batch = BATCH[self.device.type]
        self._workers = worker_count() if self.device.type == "cpu" else 1
        self._shrunk = False
        self._classes = np.zeros(self.request.volume.shape, np.uint8)
        self._began = time.monotonic()
        self._again = set(second_look.chosen(self.source.count)) if self.looks_again else set[int]()
        self._looks: dict[int, second_look.SecondLook] = {}
        # Streaming makes sense only where a picture of the network is a stored slice.
        self._stored = self.source.view.axes[0] == 0

    def classes(self) -> NDArray[np.uint8]:
        """The class of every voxel on the stored grid."""
        todo = deque(outward(self.source, self.request.first_slice))
        total, done = len(todo), 0
        running: deque[tuple[list[int], Future[list[Answer]]]] = deque()
        with ThreadPoolExecutor(self._workers, "slices", initializer=polite_thread) as pool:
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

    @property
    def looks(self) -> tuple[second_look.SecondLook, ...]:
        """The second looks taken so far, by stored slice."""
        return tuple(self._looks[index] for index in sorted(self._looks))

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
        """Masks by class of some pictures, on a worker. Raises :class:`NoReliableResult`."""
        batch = self.source.batch(indices)
        probabilities = self._asked(batch)
        if probabilities.shape[1] != len(self.request.bundle.card.network.outputs):
            raise BundleError("The network has not the classes its card lists.", "Reinstall the model.")
        if not bool(torch.isfinite(probabilities).all()):
            raise NoReliableResult
        picture = probabilities.cpu().numpy()
        for k, index in enumerate(indices):
            if index in self._again:
                self._look_again(index, batch[k], picture[k])
        return [self.source.restore(index, picture[k]) for k, index in enumerate(indices)]

    def _asked(self, batch: NDArray[np.float32]) -> torch.Tensor:
        """Probabilities (n, classes, H, W) in float32."""
        pictures = torch.from_numpy(batch).to(self.device)
        reduced = self.dtype is not torch.float32
        with torch.inference_mode(), torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=reduced):
            logits = self.network(pictures)
        return torch.softmax(logits.float(), dim=1)

    def _look_again(self, index: int, picture: NDArray[np.float32], said: NDArray[np.float32]) -> None:
        copies = [self._asked(copy[None])[0].argmax(0).cpu().numpy() for copy in second_look.changed(picture)]
        native = self.source.native_slice(index)
        others = tuple(second_look.areas(copy) for copy in copies)
        self._looks[native] = second_look.SecondLook(native, second_look.areas(said.argmax(0)), others)

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
        self.context.report(estimate.PICTURES_SHARE * done / total, text)
