"""Parts that need no image; sessions on real files, read by made-up models, and their packs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from medviewer.ai.findings import AnalysisResult, Finding, Measurement, ResultState
from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Mask
from medviewer.review.pack import Pack, Part, write_pack
from medviewer.review.pack_gather import gather, pack_name
from medviewer.review.pack_kinds import KINDS
from medviewer.review.pack_manifest import About, ModelFacts
from medviewer.review.session import Session
from medviewer.review.state import ReaderMeasurement, State
from medviewer.tasks import TaskContext
from tests.review.makers import NOW, clock, provenance

EVERY = tuple(kind.id for kind in KINDS)

MODEL = ModelFacts("lung-ct", "1.0.0", "Lung density", "ab" * 32)
ABOUT = About("0.0", "2026-11-21T10:00:00+01:00", "1.2.3", "1.2.3.4", (MODEL,), ("No birth date is told.",))


def nothing_wrong(_: Path) -> Sequence[str]:
    return ()


def no_more() -> None:
    return None


@dataclass
class Words:
    """A file of text."""

    file_name: str
    text: str = "words"
    kind: str = "TXT"
    what: str = "Some words"
    facts: dict[str, str] = field(default_factory=dict)
    judge: Callable[[Path], Sequence[str]] = nothing_wrong
    before: Callable[[], None] = no_more
    seen: frozenset[str] | None = None

    def write(self, done: frozenset[str]) -> bytes:
        self.seen = done
        self.before()
        return self.text.encode()

    def check(self, path: Path) -> Sequence[str]:
        return self.judge(path)


def results_of(series: Series, model_id: str, shift: int = 0) -> AnalysisResult:
    """Two outlines of odd extent and one score, as a model of this name would give them."""
    shape = (len(series.instances), *series.size)
    findings = [
        Finding(f"{model_id}-s", "Pneumonia", "Score 0.25.", score=0.25, score_meaning="at 0.5", key_slice=1)
    ]
    for k, name in enumerate(("right_lung", "left_lung")):
        full = np.zeros(shape, bool)
        full[1 : shape[0] - 1, 2 + shift : 9 + k, 1 + 4 * k : 4 * k + 4] = True
        full[k, 0, -1] = True
        mask = Mask.from_full(k + 1, name, full, series.geometry)
        figures = (
            Measurement("Volume", 1234.5 + k, "mL", (1200.0, 1300.0)),
            Measurement("LAA-950", 6.25, "%"),
        )
        title = name.replace("_", " ").capitalize()
        findings.append(
            Finding(f"{model_id}-{k}", title, f"{title}.", mask=mask, measurements=figures, key_slice=2 + k)
        )
    made = provenance(
        model_id=model_id, model_title=f"Model {model_id}", series_uid=series.uid, study_uid=series.study_uid
    )
    count = len(series.instances)
    return AnalysisResult(
        ResultState.FINDINGS,
        series.key,
        series.patient_key,
        made,
        tuple(findings),
        complete_slices=count,
        total_slices=count,
    )


def read_session(folder: Path, models: Sequence[str] = ("lung-ct",)) -> Session:
    """The only series of a folder on screen, read by every model, its second finding accepted, the last
    rejected, an image marked and a length drawn."""
    found = scan([folder])
    (series,) = found.all_series()
    session = Session("Dr Reader", clock=clock)
    session.open(found)
    session.show(series.key)
    session.set_volume(series.key, load_series(series))
    for shift, model in enumerate(models):
        assert session.add_result(results_of(series, model, shift), session.start_analysis(series.key, model))
    for finding in session.state.findings:
        session.reject(finding.id, "motion") if finding.label == "Left lung" else session.accept(finding.id)
    session.scroll(3)
    session.toggle_key_image()
    session.add_measurement(
        ReaderMeasurement(
            "m", "length", series.key, Plane.NATIVE, 3, ((3, 2.5, 1.5), (3, 2.5, 9.5)), "4.0\u2009mm"
        )
    )
    return session


def parts_of(state: State, kinds: Collection[str] = EVERY) -> tuple[list[Part], About]:
    """Gathered with the volume on screen alone."""
    return gather(state, kinds, volumes={}, cards={}, now=NOW, context=TaskContext())


def packed(state: State, folder: Path, kinds: Collection[str] = EVERY) -> Pack:
    """The pack of a state."""
    parts, about = parts_of(state, kinds)
    return write_pack(parts, folder, pack_name(state, NOW), about, TaskContext())
