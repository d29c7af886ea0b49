"""Getting torch ready behind the window, without stalling it.

Importing torch takes seconds, most of them inside the dynamic loader, which Python calls while it holds the
interpreter's lock: done plainly on a thread, the window stands still for as long. So the libraries are loaded
first through the C function ``dlopen`` itself, which ctypes calls without the lock; the import then finds
them in memory. The collector of cyclic garbage rests meanwhile: walking the hundred thousands of objects that
torch makes, several times over, stops the window for a tenth of a second each time.

Longest stall of the event loop while torch is imported, two cores: done plainly 565 ms; with the libraries
loaded first 145 ms; with the collector resting too 30 to 45 ms (``torch._C`` initialising itself), provided
that no other work competes: mapping 350 MB holds up page faults of every thread, which is why ``app`` waits
for the thumbnails.
"""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ORDER = ("libc10.so", "libtorch_cpu.so", "libtorch.so", "libtorch_python.so")
"""Each after what it needs. CUDA builds need more, which the loader finds by itself through these."""


def libraries() -> list[Path]:
    """Torch's libraries on Linux, found without importing it."""
    spec = importlib.util.find_spec("torch")
    if spec is None or not spec.submodule_search_locations:
        return []
    folder = Path(spec.submodule_search_locations[0]) / "lib"
    return [folder / name for name in _ORDER if (folder / name).is_file()]


def load_libraries() -> None:
    """Map torch's libraries into the process, the interpreter's lock released meanwhile. Linux only."""
    if not sys.platform.startswith("linux"):
        return
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype = ctypes.c_void_p
    dlopen.argtypes = [ctypes.c_char_p, ctypes.c_int]
    for path in libraries():
        # A library that refuses is left to the import, which says why.
        dlopen(os.fsencode(path), os.RTLD_NOW | os.RTLD_GLOBAL)


@contextmanager
def torch_ready() -> Iterator[None]:
    """Around the first import of the runner: libraries first, and no garbage collection meanwhile. What was
    made stays out of every later collection, for modules live for ever."""
    if "torch" in sys.modules:
        yield
        return
    load_libraries()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def torch_first_on_windows() -> None:
    """The one place that decides the order: on Windows torch comes before Qt (pytorch#166628)."""
    if sys.platform == "win32":
        importlib.import_module("medviewer.ai.runner")
