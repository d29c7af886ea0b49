"""The one training loop: any task, any plan; killed at any moment it goes on exactly where it was saved.

A :class:`Task` says what is learned, a :class:`Plan` how long and how hard; :func:`train` does the rest:
seeds, device, bfloat16 where it is native, batches prepared on a thread, running average of the weights,
checkpoints, the best weights by the validation figure, and what :mod:`medviewer.training.monitor` shows.
"""

from __future__ import annotations

import copy
import math
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from medviewer.ai.runner import pick_device, pick_dtype
from medviewer.errors import Cancelled
from medviewer.tasks import TaskContext
from medviewer.training import checkpoint
from medviewer.training.checkpoint import BrokenTraining
from medviewer.training.monitor import Monitor
from medviewer.training.task import Batch, Plan, Task

__all__ = ["Batch", "BrokenTraining", "Plan", "Task", "device_of", "train"]

_USUAL = 20
"""A step of more than so many usual ones was a stopped process or a sleeping machine, not work."""


def train(task: Task, plan: Plan, folder: Path, context: TaskContext, resume: bool = True) -> nn.Module:
    """Train ``task`` to the end of ``plan``; everything it keeps lies in ``folder``.

    Returns the network with the best weights, on the CPU, in eval mode. Raises Cancelled when asked through
    ``context`` (the checkpoint is written first), :class:`BrokenTraining` for a loss that is no number.
    """
    with threads(plan.threads):
        run = _Run(task, plan, folder)
        if resume:
            run.resume()
        with Monitor(folder, task.id, plan.steps, run.step) as monitor:
            run.go(context, monitor)
        return run.result()


def device_of(network: nn.Module) -> torch.device:
    """Where the network's weights lie."""
    return next(network.parameters()).device


class _Run:
    """One run: the two networks, the optimizer, the counters."""

    def __init__(self, task: Task, plan: Plan, folder: Path) -> None:
        torch.manual_seed(plan.seed)
        self.task, self.plan, self.folder = task, plan, folder
        self.device = pick_device("auto")
        self.net = task.network().to(self.device)
        for weight in self.net.parameters():
            if weight.dim() == 4:  # two to three times faster on a CPU
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)
        self.averaged = copy.deepcopy(self.net)
        self.best: dict[str, torch.Tensor] | None = None
        self.best_value = -math.inf
        self.step, self.seconds, self.finished = 0, 0.0, False
        self._optimizer = torch.optim.AdamW(
            self.net.parameters(), lr=plan.rate, weight_decay=plan.weight_decay
        )
        self._bf16 = _native_bf16(self.device) if plan.bf16 == "auto" else plan.bf16
        self._usual: deque[float] = deque(maxlen=_USUAL)

    def resume(self) -> None:
        """Go on from the checkpoint, where there is one."""
        kept = checkpoint.load(self.folder, self.task.id)
        if kept is None:
            return
        try:
            self.net.load_state_dict(kept["net"])
            self.averaged.load_state_dict(kept["averaged"])
            self._optimizer.load_state_dict(kept["optimizer"])
        except (KeyError, RuntimeError, ValueError) as error:
            text = "The checkpoint is of another network than the one to be trained."
            raise BrokenTraining(text, "Train without --resume to begin anew.") from error
        self.step, self.seconds = int(kept["step"]), float(kept["seconds"])
        self.best, self.best_value = kept["best"], float(kept["best_value"])

    def save(self) -> None:
        """Write the checkpoint."""
        state: dict[str, Any] = {
            "task": self.task.id,
            "net": self.net.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
            "best_value": self.best_value,
        }
        checkpoint.save(self.folder, state)

    def done(self) -> float:
        """The share of the run that lies behind, 0 to 1."""
        share = self.step / self.plan.steps
        if self.plan.minutes is not None:
            share = max(share, self.seconds / (60 * self.plan.minutes))
        return min(1.0, share)

    def go(self, context: TaskContext, monitor: Monitor) -> None:
        """Train until the end, saving and validating on the way."""
        with _batches(self.task, self.plan, self.step) as batches:
            try:
                while self.done() < 1:
                    context.check()
                    self._one_step(batches, monitor)
                    self._now_and_then(monitor)
                    context.report(self.done(), f"step {self.step}")
            except Cancelled:
                self.save()
                raise

    def result(self) -> nn.Module:
        """The network with the best weights seen, on the CPU."""
        net = self.averaged
        if self.best is not None:
            net.load_state_dict(self.best)
        return net.to("cpu").eval()

    def _one_step(self, batches: Iterator[Batch], monitor: Monitor) -> None:
        began = time.perf_counter()
        batch = tuple(tensor.to(self.device, non_blocking=True) for tensor in next(batches))
        # Dropout and the like draw from torch's generator: from (seed, step), as the batch does.
        torch.manual_seed(self.plan.seed * 1_000_003 + self.step)
        rate = self.plan.rate_at(self.step, self.done())
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self.net.train()
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self._bf16):
            loss, parts = self.task.loss(self.net, batch)
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(self.net.parameters(), self.plan.clip)
        value = float(loss.detach())
        if not (math.isfinite(value) and math.isfinite(float(norm))):
            text = f"Training stopped at step {self.step}: the loss or its gradient is not a number."
            raise BrokenTraining(text, "Lower the rate; the last checkpoint is kept.")
        self._optimizer.step()
        self._average()
        self.step += 1
        taken = time.perf_counter() - began
        self._count(taken)
        monitor.step(self.step, self.done(), {"loss": value, **parts}, rate, taken)

    def _count(self, taken: float) -> None:
        """Add a step to the time spent; one that was interrupted counts as a usual one."""
        usual = float(np.median(self._usual)) if len(self._usual) == _USUAL else math.inf
        self.seconds += taken if taken < _USUAL * usual else usual
        self._usual.append(taken)

    def _average(self) -> None:
        """Move the running average towards the weights (and the norms' statistics)."""
        most = self.plan.average
        keep = 0.0 if most is None else min(most, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, now in zip(
                self.averaged.state_dict().values(), self.net.state_dict().values(), strict=True
            ):
                if mean.is_floating_point():
                    mean.mul_(keep).add_(now, alpha=1 - keep)
                else:
                    mean.copy_(now)

    def _now_and_then(self, monitor: Monitor) -> None:
        ended = self.done() >= 1
        if ended or self.step % self.plan.evaluate_every == 0:
            self._validate(monitor)
        if ended or self.step % self.plan.checkpoint_every == 0:
            self.save()

    def _validate(self, monitor: Monitor) -> None:
        began = time.perf_counter()
        self.averaged.eval()
        with torch.inference_mode():
            figures = self.task.evaluate(self.averaged)
            pictures = self.task.examples(self.averaged)
        value = figures[self.task.best]
        better = value >= self.best_value  # of equals the later, which has learned longer
        if better:
            self.best_value = value
            self.best = {k: v.detach().cpu().clone() for k, v in self.averaged.state_dict().items()}
        self.seconds += time.perf_counter() - began
        monitor.validated(self.step, figures, better, pictures)


def _native_bf16(device: torch.device) -> bool:
    """Whether the device computes bfloat16 itself: emulated it is many times slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return pick_dtype(device) is torch.bfloat16


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """So many threads a network is computed on; None leaves it as it is."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _batches(task: Task, plan: Plan, first: int) -> Iterator[Iterator[Batch]]:
    """Batches from step ``first`` on, each prepared on a thread while the one before it is learned."""

    def make(step: int) -> Batch:
        return task.batch(step, np.random.default_rng([plan.seed, step]))

    def stream() -> Iterator[Batch]:
        waiting: deque[Future[Batch]] = deque(maker.submit(make, first + k) for k in range(_AHEAD))
        step = first + _AHEAD
        while True:
            batch = waiting.popleft().result()
            waiting.append(maker.submit(make, step))
            step += 1
            yield batch

    maker = ThreadPoolExecutor(1, thread_name_prefix="batches")
    try:
        yield stream()
    finally:
        maker.shutdown(cancel_futures=True)


_AHEAD = 2
