"""One network as a plain function from arrays to arrays: what torch-free readers ask. Torch lives here.

A batch is computed picture by picture, each on a core of its own, so that the answer depends neither on the
number of cores nor on what else is asked; a single input (a whole volume) gets every core.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer.ai.cores import worker_count
from medviewer.ai.devices import polite_thread
from medviewer.ai.memory import memory_told
from medviewer.tasks import TaskContext

_LISTEN_SECONDS = 0.1
"""How often a cancel is looked for while a picture is computed."""

Float32 = NDArray[np.float32]


class NoReliableResult(Exception):
    """The network's numbers are not finite, or it gave none but zeros."""


class Asker:
    """``ask(batch)``: (n, channels, ...) to the network's answer (n, outputs, ...), both float32."""

    def __init__(
        self, network: nn.Module, device: torch.device, dtype: torch.dtype, pool: ThreadPoolExecutor,
        context: TaskContext,
    ) -> None:  # fmt: skip
        self._network, self._device, self._dtype = network, device, dtype
        self._pool, self._context = pool, context

    def __call__(self, batch: NDArray[Any]) -> Float32:
        """Raises :class:`NoReliableResult`, :class:`DeviceError` without memory, Cancelled."""
        self._context.check()
        alone = len(batch) == 1
        todo = [self._pool.submit(self._one, batch[k : k + 1], alone) for k in range(len(batch))]
        try:
            self._listen(todo)
            with memory_told(self._device.type):
                answer = np.concatenate([future.result() for future in todo])
        finally:
            for future in todo:
                future.cancel()
        if not np.isfinite(answer).all() or not answer.any():
            raise NoReliableResult
        return answer

    def _listen(self, todo: list[Future[Float32]]) -> None:
        while not all(future.done() for future in todo):
            self._context.check()
            wait(todo, timeout=_LISTEN_SECONDS)
        self._context.check()

    def _one(self, picture: NDArray[Any], alone: bool) -> Float32:
        torch.set_num_threads(worker_count() if alone else 1)
        given = torch.from_numpy(np.asarray(picture, np.float32)).to(self._device)
        reduced = self._dtype is not torch.float32
        with torch.inference_mode(), torch.autocast(
            self._device.type, dtype=torch.bfloat16, enabled=reduced
        ):  # fmt: skip
            answer = self._network(given)
        return np.asarray(answer.detach().float().cpu().numpy(), np.float32)


@contextmanager
def asking(
    network: nn.Module, device: torch.device, dtype: torch.dtype, context: TaskContext
) -> Iterator[Asker]:
    """The network to be asked, with its threads, which end with the block."""
    workers = worker_count() if device.type == "cpu" else 1
    with ThreadPoolExecutor(workers, "pictures", initializer=polite_thread) as pool:
        yield Asker(network, device, dtype, pool, context)
