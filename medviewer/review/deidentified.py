"""The de-identified export itself: the whole of it or nothing, and what stayed behind is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from medviewer.dicom.deidentify.plan import Decision, Leaving, Plan, decision_on, staying
from medviewer.errors import NothingReadable, UnreadableImage
from medviewer.imaging.numbers import counted
from medviewer.review.whole_folder import put, whole_folder
from medviewer.tasks import TaskContext


@dataclass(frozen=True)
class Exported:
    """What was written below ``folder``, and which files stayed behind with the reason of each."""

    folder: Path
    names: tuple[str, ...]
    stayed: tuple[tuple[Leaving, str], ...]


def export(
    plan: Plan, decisions: Mapping[str, Decision], folder: Path, context: TaskContext | None = None
) -> Exported:
    """Write what leaves as the plan and the reader's decisions stand; ``folder`` is new or empty.

    Raises :class:`WriteError` (then nothing stands there), :class:`NothingReadable` where no file may leave,
    :class:`Cancelled`.
    """
    context = context or TaskContext()
    names: list[str] = []
    stayed: list[tuple[Leaving, str]] = []
    with whole_folder(folder) as room:
        for k, file in enumerate(plan.files):
            context.check()
            context.report(k / len(plan.files), f"Writing: {k} of {len(plan.files)}")
            reason = staying(file, decisions)
            if not reason:
                reason = _written(plan, decisions, file, room)
            if reason:
                stayed.append((file, reason))
            else:
                names.append(file.name)
        context.check()
        if not names:
            raise NothingReadable("No file may leave: nothing was written.", stayed[0][1] if stayed else "")
    context.report(1.0, f"{counted(len(names), 'file')} written")
    return Exported(folder, tuple(names), tuple(stayed))


def _written(plan: Plan, decisions: Mapping[str, Decision], file: Leaving, room: Path) -> str:
    """Write one file; why it stays behind after all, or empty."""
    decision = decision_on(file, decisions) if file.suspect else None
    try:
        data = plan.made(file, decision)
    except UnreadableImage as error:
        return error.message
    put(room, file.name, data)
    return ""
