"""What every act goes through: the state, its listeners, the audit, undo."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from medviewer.errors import WriteError
from medviewer.review.history import History, Work
from medviewer.review.state import Change, State

Listener = Callable[[State, Change], None]

log = logging.getLogger(__name__)


class AuditSink(Protocol):
    """Where acts are recorded (:class:`medviewer.review.audit.Audit`)."""

    def append(self, action: str, **facts: Any) -> object:
        """Record one act; facts hold no patient data."""


def local_now() -> datetime:
    """The time here, with its zone."""
    return datetime.now().astimezone()


class Store:
    """Holds the state. ``clock`` gives the time of decisions (with zone)."""

    def __init__(
        self, reader: str = "", audit: AuditSink | None = None, clock: Callable[[], datetime] = local_now
    ) -> None:
        self._state = State(reader=reader)
        self._audit = audit
        self._clock = clock
        self._listeners: list[Listener] = []
        self._histories: dict[str, History] = {}
        self._untold: list[tuple[State, Change]] = []

    @property
    def state(self) -> State:
        """The state now."""
        return self._state

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(state, change)`` after every change; the returned callable ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def _set(self, state: State, change: Change) -> None:
        """Every listener hears of every change in the same order, also of those another listener made."""
        self._state = state
        self._untold.append((state, change))
        if len(self._untold) > 1:
            return
        try:
            while self._untold:
                for listener in tuple(self._listeners):
                    listener(*self._untold[0])
                del self._untold[0]
        finally:
            self._untold.clear()

    def _note(self, action: str, **facts: Any) -> None:
        """Write to the audit; a full disk must not stop the reading."""
        if self._audit is None:
            return
        try:
            self._audit.append(action, **facts)
        except WriteError as error:
            log.warning("the audit could not be written: %s.", error.message.partition(":")[0].lower())

    def _time(self) -> str:
        return self._clock().isoformat(timespec="seconds")

    @property
    def _history(self) -> History:
        """Of the patient on screen: undo must never reach into the work on somebody else."""
        patient = self._state.patient
        return self._histories.setdefault(patient.key if patient is not None else "", History())

    def _work(self, name: str, change: Change, token: str = "", **fields: Any) -> None:
        self._history.record(name, self._state, token)
        self._set(replace(self._state, **fields), change)

    def undo(self) -> bool:
        """Take back the reader's last act; False when there is none."""
        return self._travel(self._history.undo(self._state), "undo")

    def redo(self) -> bool:
        """Do again what was undone last; False when there is none."""
        return self._travel(self._history.redo(self._state), "redo")

    def _travel(self, state: State | None, action: str) -> bool:
        if state is None:
            return False
        change = Work.of(self._state).difference(Work.of(state))
        if Change.DECISION in change:
            self._note(action, verdicts=_verdicts(self._state, state), reader=self._state.reader)
        if Change.SCALE in change:
            self._note(action, calibrations=len(state.calibrations), reader=self._state.reader)
        if Change.THRESHOLD in change:
            chosen = {f"{t.model_id} {t.model_version} {t.label}": t.threshold for t in state.thresholds}
            self._note(action, thresholds=chosen, reader=self._state.reader)
        self._set(state, change)
        return True

    @property
    def undo_name(self) -> str:
        """What undo would take back, for the menu; empty when nothing."""
        return self._history.undo_name

    @property
    def redo_name(self) -> str:
        """What redo would bring back; empty when nothing."""
        return self._history.redo_name


def _verdicts(before: State, after: State) -> dict[str, str]:
    """What undo or redo made of each decision it touched, for the audit."""
    ids = sorted(before.decisions.keys() | after.decisions.keys())
    new = {i: after.decision_of(i) for i in ids}
    return {i: str(new[i].verdict) for i in ids if new[i] != before.decision_of(i)}
