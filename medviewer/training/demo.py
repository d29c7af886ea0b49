"""The demo study: a synthetic chest written as valid DICOM, with its truth beside it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from medviewer import __version__
from medviewer.dicom.objects.ct import CtFacts, write_ct_series
from medviewer.dicom.objects.seg import Algorithm, write_seg
from medviewer.errors import WriteError
from medviewer.imaging.volume import Mask
from medviewer.tasks import TaskContext
from medviewer.training.phantom import LABELS, Phantom, make_phantom

SLICES, SIZE, SPACING_MM = 120, 512, (2.5, 0.7, 0.7)
_DRAWING_SHARE = 0.75


class _Drawing(TaskContext):
    """The drawing's share of the whole task."""

    def __init__(self, whole: TaskContext) -> None:
        super().__init__(lambda done, text: whole.report(done * _DRAWING_SHARE, text))
        self._whole = whole

    def check(self) -> None:
        self._whole.check()


@dataclass(frozen=True)
class DemoStudy:
    """What was written: the folder, the CT series in it, and the truth."""

    folder: Path
    series_folder: Path
    truth_json: Path
    truth_seg: Path


def write_demo(
    folder: Path,
    seed: int = 0,
    context: TaskContext | None = None,
    *,
    slices: int = SLICES,
    size: int = SIZE,
    spacing_mm: tuple[float, float, float] = SPACING_MM,
) -> DemoStudy:
    """Draw the chest of ``seed``; write ``ct/*.dcm``, ``truth_seg.dcm`` and ``truth.json`` into ``folder``.

    The same seed writes the same images. Nothing stands under its final name before all of it is written.
    Raises :class:`WriteError` when the disk refuses, :class:`~medviewer.errors.Cancelled` by ``context``;
    nothing is left behind then.
    """
    context = context or TaskContext()
    drawing = _Drawing(context)
    phantom = make_phantom(seed, slices=slices, size=size, spacing_mm=spacing_mm, context=drawing)
    context.check()
    context.report(_DRAWING_SHARE, "Writing the images")
    with _staged(folder) as room:
        study = _in(room)
        paths = write_ct_series(phantom.volume, study.series_folder, demo_facts(phantom, seed))
        context.check()
        context.report(0.9, "Writing the truth")
        _write_truth(phantom, study, paths, seed)
    context.report(1.0, "Done")
    return _in(folder)


def _in(folder: Path) -> DemoStudy:
    return DemoStudy(folder, folder / "ct", folder / "truth.json", folder / "truth_seg.dcm")


@contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """A room inside ``folder``; what is in it moves up when all went well, and is removed otherwise."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix=".", dir=folder))
        try:
            yield room
            for made in sorted(room.iterdir()):
                made.rename(folder / made.name)
        finally:
            shutil.rmtree(room, ignore_errors=True)
    except OSError as error:
        raise WriteError(
            "The demo study could not be written.", "Check the folder and the free space."
        ) from error


def demo_facts(phantom: Phantom, seed: int) -> CtFacts:
    """The headers of the demo: a person who does not exist, and says so."""
    return CtFacts(
        seed=seed,
        patient_id=f"DEMO-{seed:04d}",
        name="Demo^Synthetic",
        birth_date="19660101",
        sex=str(phantom.truth["sex"]),
        age="058Y",
        study_description="CT chest (synthetic)",
        series_description=f"Chest {phantom.truth['spacing_mm'][0]:g} mm, soft kernel",
        protocol="Synthetic chest",
        kernel=str(phantom.truth["kernel"]),
        contrast="IV" if phantom.truth["contrast"] else "",
    )


def _write_truth(phantom: Phantom, study: DemoStudy, paths: list[Path], seed: int) -> None:
    geometry = phantom.volume.geometry
    masks = [
        Mask.from_full(number, name, phantom.masks[name], geometry) for number, name in enumerate(LABELS, 1)
    ]
    truth = Algorithm(
        name="MedViewer synthetic chest",
        version=__version__,
        series_description="Truth of the synthetic chest",
        automatic=False,
        seed=f"demo truth {seed}",
    )
    write_seg(masks, paths, study.truth_seg, truth)
    text = json.dumps(phantom.truth, indent=2, ensure_ascii=False) + "\n"
    study.truth_json.write_text(text, encoding="utf-8")
