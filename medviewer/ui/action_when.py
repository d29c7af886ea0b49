"""When an act is possible, as the state alone tells it, and words that depend on the image."""

from __future__ import annotations

from collections.abc import Callable

from medviewer.imaging.volume import Unit
from medviewer.review.calibrating import magnification_told
from medviewer.review.presenting import may_turn
from medviewer.review.state import State, Verdict

When = Callable[[State], bool]


def always(_: State) -> bool:
    """At any time."""
    return True


def has_scan(state: State) -> bool:
    """Something was opened."""
    return state.scan is not None and bool(state.scan.patients or state.scan.objects)


def has_series(state: State) -> bool:
    """A series is on screen."""
    return state.series is not None


def has_stack(state: State) -> bool:
    """It has more images than one."""
    return state.series is not None and len(state.series.instances) > 1


def has_grey(state: State) -> bool:
    """It has grey levels."""
    return state.series is not None and state.series.unit is not Unit.RGB


def may_be_turned(state: State) -> bool:
    """Its pictures may be turned."""
    return may_turn(state.series)


def has_hu(state: State) -> bool:
    """Its values are Hounsfield units."""
    return state.series is not None and state.series.unit is Unit.HU


def has_planes(state: State) -> bool:
    """It is one regular volume."""
    return state.series is not None and state.series.is_volume


def has_own_window(state: State) -> bool:
    """Its files tell a window."""
    return state.series is not None and any(i.windows for i in state.series.instances)


def has_volume(state: State) -> bool:
    """Its pixels are there, or are coming."""
    return state.volume is not None


def may_analyze(state: State) -> bool:
    """A model could run."""
    return state.volume is not None and state.run is None


def has_findings(state: State) -> bool:
    """A model found something."""
    return bool(state.findings)


def has_masks(state: State) -> bool:
    """A model outlined something."""
    return any(finding.mask is not None for finding in state.findings)


def has_selection(state: State) -> bool:
    """A finding is chosen."""
    return any(finding.id == state.selected_finding for finding in state.findings)


def may_edit(state: State) -> bool:
    """The chosen finding has an outline on images that are there."""
    chosen = next((f for f in state.findings if f.id == state.selected_finding), None)
    if chosen is None or chosen.mask is None or state.volume is None:
        return False
    return chosen.mask.shape == state.volume.shape


def has_modified(state: State) -> bool:
    """The reader modified an outline on screen."""
    return any(state.decision_of(f.id).verdict is Verdict.MODIFIED for f in state.findings)


def is_decided(state: State) -> bool:
    """The chosen finding was decided upon."""
    chosen = state.selected_finding
    return has_selection(state) and state.decision_of(chosen or "").verdict is not Verdict.PENDING


def has_run(state: State) -> bool:
    """A model runs."""
    return state.run is not None


def correct_words(state: State) -> str:
    """The words for the magnification that the image tells."""
    told = magnification_told(state)
    return f"Correct for magnification (file says {told})…" if told else "Correct for magnification…"
