"""What is asked of a model, whether it may run, how its end becomes an AnalysisResult. No torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.catalog import Bundle
from medviewer.ai.findings import STOP_OVERRIDDEN, AnalysisResult, Finding, Notice, ResultState
from medviewer.ai.plausibility import empty_slices, hu_problem, picture_problem
from medviewer.ai.provenance import make_provenance
from medviewer.ai.suitability import fit
from medviewer.ai.verdict import Fit
from medviewer.dicom.study import Series
from medviewer.imaging.volume import Unit, Volume

OnSlice = Callable[[int, dict[int, NDArray[np.bool_]]], None]


class Network(Protocol):
    """A network as a plain function from arrays to arrays; the runner wraps torch in it.

    Every call raises :class:`~medviewer.errors.DeviceError` without memory, Cancelled when asked to stop,
    and ends the run as "no reliable result" where the answer is not finite.
    """

    def __call__(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """(n, channels, ...) to (n, outputs, ...)."""


@dataclass(frozen=True, eq=False)
class Request:
    """What to run on what. ``first_slice`` is the stored slice on screen; ``force`` overrides the gate.

    ``volume`` is the complete volume of ``series``. ``on_slice`` is told each stored slice's masks (label
    id → rows x columns, stored order) as they come, on the thread that runs the model; they precede cleaning.
    """

    bundle: Bundle
    series: Series
    study_uid: str
    volume: Volume
    device: str = "auto"
    first_slice: int = 0
    force: bool = False
    on_slice: OnSlice | None = None
    patient_age: str = ""
    held: tuple[Notice, ...] = ()
    """Why the site holds the model back, whatever the images are: its stop rule."""

    def __post_init__(self) -> None:
        if self.volume.shape[0] != len(self.series.instances):
            raise ValueError("the volume does not belong to the series")


@dataclass(frozen=True)
class Outcome:
    """What reading the network's answers gave. ``failure``: why there is no reliable result, or None.

    ``left_out``: stored slices that were not read, besides empty ones; ``why`` says the reason.
    """

    findings: tuple[Finding, ...] = ()
    warnings: tuple[Notice, ...] = ()
    failure: Notice | None = None
    left_out: frozenset[int] = frozenset()
    why: Notice | None = None
    spans: tuple[int, int] | None = None
    """First and last stored slice that what was looked for lies in: empty slices beyond take nothing away."""


def judge(request: Request) -> Fit:
    """The gate: what the site says of the model, the headers, then the values themselves."""
    verdict = _judge_images(request)
    return replace(verdict, ok=False, reasons=(*request.held, *verdict.reasons)) if request.held else verdict


def _judge_images(request: Request) -> Fit:
    verdict = fit(request.bundle.card, request.series, request.patient_age)
    if request.volume.is_colour:
        return verdict
    wants_hu = request.bundle.card.input.intensity.unit == Unit.HU.value
    problem = hu_problem(request.volume) if wants_hu else picture_problem(request.volume)
    if problem is None:
        return verdict
    reasons = (
        verdict.reasons if any(r.code == "UNIT" for r in verdict.reasons) else (*verdict.reasons, problem)
    )
    return replace(verdict, ok=False, reasons=reasons)


def may_run(request: Request, verdict: Fit) -> bool:
    """Whether the run begins. No override helps where a model of volumes gets no geometry, where there is
    colour instead of values, or nothing at all to be seen."""
    volume = request.volume
    blind = any(reason.code == "NO_DATA" for reason in verdict.reasons)
    placed = volume.geometry is not None or not request.bundle.card.input.planes
    return verdict.ok or (request.force and placed and not volume.is_colour and not blind)


@dataclass
class Ending:
    """Makes the result, whichever way the run ends."""

    request: Request
    verdict: Fit
    torch_version: str
    device: str = ""
    dtype: str = ""

    def __post_init__(self) -> None:
        self._started = datetime.now(UTC)

    def not_suitable(self) -> AnalysisResult:
        """The gate said no."""
        return self._result(ResultState.NOT_SUITABLE, (), self.verdict.reasons, self.verdict.warnings)

    def failed(self, reason: Notice, warnings: tuple[Notice, ...] = ()) -> AnalysisResult:
        """The run ended without a reliable result."""
        return self._result(ResultState.FAILED, (), (reason,), self._all_warnings(warnings))

    def done(self, outcome: Outcome, warnings: tuple[Notice, ...]) -> AnalysisResult:
        """The run came to its end: FINDINGS, PARTIAL where slices held no picture, or FAILED."""
        warnings = (*warnings, *outcome.warnings)
        if outcome.failure is not None:
            return self.failed(outcome.failure, warnings)
        first, last = outcome.spans or (0, self.request.volume.shape[0] - 1)
        empty = {index for index in empty_slices(self.request.volume) if first <= index <= last}
        total = self.request.volume.shape[0]
        state = ResultState.FINDINGS if outcome.findings else ResultState.NOTHING_FOUND
        reasons: tuple[Notice, ...] = ()
        if empty:
            state = ResultState.PARTIAL
            text = f"{len(empty)} of {total} slices hold no picture and were not analyzed."
            reasons = (Notice("EMPTY_SLICES", text),)
        if outcome.left_out and outcome.why is not None:
            state = ResultState.PARTIAL
            reasons, empty = (*reasons, outcome.why), empty | outcome.left_out
        findings = tuple(self._marked(finding) for finding in outcome.findings)
        result = self._result(state, findings, reasons, self._all_warnings(warnings))
        return replace(result, complete_slices=total - len(empty))

    def _marked(self, finding: Finding) -> Finding:
        """A forced run says so in every sentence: an accepted one stands alone in the report's text."""
        if self.verdict.ok:
            return finding
        images, site = "these images do not suit the model", "this site's rule had stopped the model"
        why = site if self._is_only_held else images
        notice = Notice("FORCED", f"Forced run: {why}.")
        sentence = f"{finding.sentence} ({notice.text})"
        return replace(finding, sentence=sentence, warnings=(notice, *finding.warnings))

    @property
    def _is_only_held(self) -> bool:
        return bool(self.request.held) and self.verdict.reasons == self.request.held

    def _all_warnings(self, more: tuple[Notice, ...]) -> tuple[Notice, ...]:
        forced: tuple[Notice, ...] = ()
        if not self.verdict.ok:
            why = " ".join(reason.text for reason in self.verdict.reasons)
            code, what = (STOP_OVERRIDDEN, "stopped") if self._is_only_held else ("FORCED", "not suitable")
            forced = (Notice(code, f"Run although {what}, at the reader's wish: {why}"),)
        return (*forced, *self.verdict.warnings, *more)

    def _result(
        self,
        state: ResultState,
        findings: tuple[Finding, ...],
        reasons: tuple[Notice, ...],
        warnings: tuple[Notice, ...],
    ) -> AnalysisResult:
        request = self.request
        provenance = make_provenance(
            request.bundle.card,
            request.series,
            request.study_uid,
            started=self._started,
            seconds=(datetime.now(UTC) - self._started).total_seconds(),
            torch_version=self.torch_version,
            device=self.device,
            dtype=self.dtype,
            forced=bool(self.device) and not self.verdict.ok,
        )
        return AnalysisResult(
            state=state,
            series_key=request.series.key,
            patient_key=request.series.patient_key,
            provenance=provenance,
            findings=findings,
            reasons=reasons,
            warnings=warnings,
            checked=self.verdict.checked,
            total_slices=len(request.series.instances),
        )
