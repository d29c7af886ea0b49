"""What a training run needs to go on after a kill, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from medviewer.errors import MedviewerError, WriteError

NAME = "checkpoint.pt"


class BrokenTraining(MedviewerError):
    """A training run cannot start or go on; the sentence says why."""


def write_bytes(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path``: to a file beside it, onto the disk, then renamed.

    Killed at any moment, either the old content or the new stands there. Raises :class:`WriteError`.
    """
    partial = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)
        _settle(path.parent)
    except OSError as error:
        raise WriteError(f"{path.name} could not be written.", "Make room on the disk, go on.") from error


def save(folder: Path, state: dict[str, Any]) -> None:
    """Replace the checkpoint of ``folder``: the state dictionaries and the numbers of a run."""
    import io

    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_bytes(folder / NAME, buffer.getvalue())


def load(folder: Path, task: str) -> dict[str, Any] | None:
    """The checkpoint of ``folder``, or None where there is none.

    Raises :class:`BrokenTraining` for a damaged one, and for one of another task.
    """
    path = folder / NAME
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:
        raise BrokenTraining("The checkpoint is damaged.", _ANEW) from error
    if state.get("task") != task:
        raise BrokenTraining(f"The checkpoint is one of {state.get('task')!r}, not of {task!r}.", _ANEW)
    return state


_ANEW = "Train without --resume to begin anew."


def _settle(folder: Path) -> None:
    """Bring the renaming itself onto the disk, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
