"""The words of the report: dates, names of planes and colours, what each result state means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from medviewer.ai.findings import AnalysisResult, Finding, Measurement, ResultState
from medviewer.ai.unsure import doubt_words
from medviewer.dicom.study import Series, Study
from medviewer.imaging.colour_map import COLOUR_MAPS
from medviewer.imaging.numbers import between, chance, counted, decimals_for, number
from medviewer.imaging.overlay import PALETTE
from medviewer.imaging.window import Window
from medviewer.review.report_model import Line

COLOUR_NAMES = dict(
    zip(
        PALETTE,
        ("blue", "orange", "green", "pink", "yellow", "red", "dark blue", "purple", "olive"),
        strict=True,
    )
)
HATCH_NAMES = dict(
    zip(
        PALETTE,
        (
            "rising lines",
            "falling lines",
            "level lines",
            "upright lines",
            "dense rising lines",
            "dense falling lines",
            "dense level lines",
            "dense upright lines",
            "sparse rising lines",
        ),
        strict=True,
    )
)

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def long_date(da: str) -> str:
    """ "20070404" to "4 April 2007"; what is no date (PS3.5 DA) stays as it stands."""
    try:
        day = datetime.strptime(da.strip(), "%Y%m%d").date()
    except ValueError:
        return da.strip() or "unknown date"
    return spoken_date(day)


def spoken_date(day: date) -> str:
    """A date in English words, whatever the system's language."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment(iso: str) -> str:
    """ "2026-11-21T10:14:00+00:00" to "21 November 2026, 10:14"; anything else stays as it is."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{spoken_date(when.date())}, {when:%H:%M}"


def title(series: Series, result: AnalysisResult | None) -> str:
    """ "CT Chest: analysis report"; without a run it is only a report."""
    part = series.body_part.replace("_", " ").strip().capitalize()
    kind = "report" if result is None else "analysis report"
    return f"{' '.join(x for x in (series.modality, part) if x)}: {kind}"


def subtitle(study: Study, series: Series) -> str:
    """ "Study of 4 April 2007, series 2, 64 images, 5.0 mm"."""
    count = len(series.instances)
    parts = [f"Study of {long_date(study.date)}"]
    if series.number is not None:
        parts.append(f"series {series.number}")
    parts.append(counted(count, "image"))
    if series.geometry is not None and count > 1:
        parts.append(number(series.geometry.spacing_mm[0], "mm", 1))
    return ", ".join(parts)


def scanner(series: Series) -> str:
    """Maker, model and kernel, as far as the header tells."""
    made = series.acquisition
    kernel = f"kernel {made.kernel}" if made.kernel else ""
    return ", ".join(x for x in (f"{made.manufacturer} {made.model}".strip(), kernel) if x) or "not told"


def window_text(window: Window | None) -> str:
    """ "window 1500/−600": width, then centre."""
    if window is None:
        return "automatic window"
    if window.lut is not None:
        return f"VOI LUT {window.name}".rstrip()
    decimals = decimals_for(window.width)
    width, centre = (number(x, decimals=decimals).replace(",", "") for x in (window.width, window.centre))
    colours = f", {COLOUR_MAPS[window.colours].name}" if window.colours else ""
    return f"window {width}/{centre}{colours}"


def signed(sentence: str, maker: str) -> str:
    """A sentence that says whose it is: "Right lung 2,643 mL (lung-ct 1.0.0)."."""
    text = sentence.rstrip()
    return f"{text.removesuffix('.')} ({maker})." if maker else text


def group_words(result: AnalysisResult) -> str:
    """How a run ended and on what it ran, beside its model's name where several models are listed."""
    run = result.provenance
    ended = {
        ResultState.NOT_SUITABLE: "not suitable, was not run",
        ResultState.FAILED: "failed, no result",
        ResultState.PARTIAL: "partial",
        ResultState.NOTHING_FOUND: "nothing found",
    }.get(result.state, "")
    ran = (run.device, number(run.seconds, "s", 1)) if run.device and run.torch_version else ()
    return ", ".join(x for x in (ended, *ran) if x)


def state_notice(result: AnalysisResult | None) -> tuple[str, ...]:
    """What the state of the analysis means, in sentences; none for plain findings."""
    if result is None:
        return ("No analysis was run on this series. That nothing is listed here says nothing about it.",)
    why = tuple(reason.text for reason in result.reasons)
    done = f"{result.complete_slices} of {result.total_slices} images"
    first = {
        ResultState.NOT_RUN: "No analysis was run on this series.",
        ResultState.NOT_SUITABLE: "The analysis was not run: this scan does not suit the model.",
        ResultState.FAILED: "The analysis failed. Nothing was measured, and nothing is ruled out.",
        ResultState.PARTIAL: f"The analysis is incomplete: {done} were analysed.",
        ResultState.NOTHING_FOUND: "The analysis ran to its end and found nothing. That rules nothing out.",
    }.get(result.state)
    why_not = "this site's rule had stopped it" if result.is_stop_overridden else "this scan does not suit it"
    forced = (f"The model was run although {why_not}.",) if result.provenance.forced else ()
    return (*((first,) if first else ()), *forced, *why)


def spread(measurement: Measurement) -> str:
    """ "8.8 to 10.3 %"; empty where no range is known."""
    if measurement.range is None:
        return ""
    return between(*measurement.range, measurement.unit, measurement.decimals)


def are_shares(finding: Finding) -> bool:
    """Whether the numbers are percentages of one whole, as the HU bands are."""
    parts = finding.measurements
    whole = abs(sum(m.value for m in parts) - 100.0) < 1.0
    return len(parts) > 2 and all(m.unit == "%" for m in parts) and whole


def also(lines: tuple[Line, ...], quiet: Callable[[str], str], strong: Callable[[str], str]) -> str:
    """Further numbers in one line: "Perc15 −818 HU · LAA-950, right lung 0.2 %". ``quiet`` and ``strong``
    make markup of plain text; a number not to be relied upon is quiet and says so."""
    parts = []
    for line in lines:
        why = ", ".join(x for x in (line.criterion, line.indicative) if x)
        value = quiet(line.value) if line.indicative else strong(line.value)
        parts.append(f"{quiet(line.name)} {value}" + (f" {quiet(f'({why})')}" if why else ""))
    return quiet(" · ").join(parts)


def indicative(measurement: Measurement, finding: Finding) -> str:
    """ "indicative: sharp kernel"; the reason is left out where a warning of the finding tells it already."""
    why = measurement.indicative
    if not why:
        return ""
    told = any(why in warning.text for warning in finding.warnings)
    return "indicative" if told else f"indicative: {why}"


def said_once(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The numbers of a finding; the reason why they are indicative stands beside the first it holds for."""
    said: set[str] = set()
    out = []
    for line in lines:
        out.append(
            replace(line, indicative="indicative") if line.indicative and line.indicative in said else line
        )
        said.add(line.indicative)
    return tuple(out)


def score_note(finding: Finding) -> str:
    """The score, said what it is; without a threshold it is no verdict. Empty without a score."""
    if finding.score is None:
        return ""
    text = f"{score_kind(finding)} {chance(finding.score)}"
    text += f" ({finding.score_meaning})" if finding.score_meaning else ""
    if finding.threshold is None:
        return f"{text}; the model sets no threshold, so this is no verdict."
    return f"{text}, threshold {number(finding.threshold, decimals=2)}."


def score_kind(finding: Finding) -> str:
    """What kind of number the score is."""
    if finding.is_calibrated:
        return "Calibrated probability"
    return "Score" if finding.threshold is None else "Score at an operating point"


def unsure_note(finding: Finding) -> str:
    """ "Least sure: image 7 (varies by 26 %), image 3 (not in every copy)." Empty where nothing is listed."""
    if not finding.unsure:
        return ""
    listed = ", ".join(f"image {one.index + 1} ({doubt_words(one)})" for one in finding.unsure)
    return f"Least sure: {listed}."


def images(finding: Finding) -> tuple[str, str]:
    """(key image, range of images), counted from 1; a dash where the finding has none."""
    key = "" if finding.key_slice is None else str(finding.key_slice + 1)
    span = ""
    if finding.slices is not None:
        first, last = finding.slices[0] + 1, finding.slices[1] + 1
        span = str(first) if first == last else f"{first}–{last}"
    return key or span or "–", span if key and span != key else ""


def short_uid(uid: str) -> str:
    """ "1.3.6.1.4.1.14519…7990": enough to find it, short enough to print."""
    return uid if len(uid) <= 26 else f"{uid[:18].rstrip('.')}…{uid[-4:]}"


def short_hash(digest: str) -> str:
    """ "3f9c…a1"."""
    return digest if len(digest) <= 8 else f"{digest[:4]}…{digest[-2:]}"
