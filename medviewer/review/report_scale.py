"""What the report says of millimetres that the reader gave."""

from __future__ import annotations

from medviewer.dicom.study import ISSUE_TEXT, Series, SeriesIssue
from medviewer.review.calibration import image_of
from medviewer.review.report_model import Fact
from medviewer.review.state import Calibration, State


def scale_facts(state: State) -> tuple[Fact, ...]:
    """One line of method for each calibration in the study on screen: which images, who, when, by what."""
    series = {s.key: s for s in state.study.series} if state.study is not None else {}
    here = [c for c in state.calibrations if c.series_key in series]
    return tuple(Fact("Scale", f"{_where(series[c.series_key], c)}: {c.scale.note}") for c in here)


def issue_notices(state: State) -> tuple[str, ...]:
    """What is wrong with the series on screen; with a calibration not all of it is in pixels."""
    if state.series is None:
        return ()
    told = {issue: ISSUE_TEXT[issue] for issue in sorted(state.series.issues)}
    mine = any(c.series_key == state.series.key for c in state.calibrations)
    if mine and SeriesIssue.NO_SPACING in told:
        words = told[SeriesIssue.NO_SPACING].rstrip(".")
        told[SeriesIssue.NO_SPACING] = f"{words}, but where the reader calibrated."
    return tuple(told.values())


def scale_lines(state: State) -> tuple[str, ...]:
    """What is said of the series on screen: "Image 1: mm, calibrated by reader …"."""
    series = state.series
    if series is None:
        return ()
    here = [c for c in state.calibrations if c.series_key == series.key]
    return tuple(f"{_images(series, c).capitalize()}: {c.scale.note}" for c in here)


def _where(series: Series, calibration: Calibration) -> str:
    words = _images(series, calibration)
    return words if series.number is None else f"series {series.number}, {words}"


def _images(series: Series, calibration: Calibration) -> str:
    numbers = [k for k, i in enumerate(series.instances, 1) if image_of(i) in calibration.images]
    if len(numbers) == len(series.instances) > 1:
        return "all images"
    if len(numbers) > 6:
        return f"{len(numbers)} of {len(series.instances)} images"
    return f"image{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
