"""Running out of memory: how it is recognised, and what the reader is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from medviewer.errors import DeviceError

_WORDS = ("not enough memory", "can't allocate memory", "out of memory", "unable to allocate")


def is_out_of_memory(error: BaseException) -> bool:
    """CUDA and numpy have classes for it, torch's allocator on the CPU only a text."""
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in _WORDS)


def no_memory(device: str) -> DeviceError:
    """The sentence for ``device`` ("cuda" or "cpu")."""
    gpu = device == "cuda"
    where = "The graphics card" if gpu else "The computer"
    hint = "Run on the CPU instead." if gpu else "Close other programs and try again."
    return DeviceError(f"{where} has too little free memory for this model.", hint)


@contextmanager
def memory_told(device: str) -> Iterator[None]:
    """Turns running out of memory within it into :class:`DeviceError`; any other error passes."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise no_memory(device) from error
