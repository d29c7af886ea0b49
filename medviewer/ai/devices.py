"""Where a network runs: the device by name, its precision, and threads that leave room for the window."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import torch

from medviewer.ai.cores import worker_count
from medviewer.errors import DeviceError


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


def polite_thread() -> None:
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
