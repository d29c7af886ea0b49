"""What the AI log-book holds: runs, and entries (decisions and the site's own acts) in the order made.

No patient data: studies, series and findings are keyed hashes (:mod:`~medviewer.review.references`). The
assessor is the name the reader gave the program: a person of the staff answers for a decision by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

Version = tuple[str, str]
"""(model id, model version): agreement and the stop rule never mix two versions."""


class Answer(StrEnum):
    """What a decision said of the model's finding, as result assessments name it (IHE AIRA's idea)."""

    ACCEPTED = "accepted"
    MODIFIED = "modified"
    REJECTED = "rejected"
    UNDONE = "undone"
    """The decision before it was taken back: as if never made."""


class ActKind(StrEnum):
    """What the site or the reader did about a model as such."""

    RESET = "reset"
    """A stopped model may run again; the rule counts anew from here."""
    OVERRIDE = "override"
    """A stopped model was run all the same, once."""
    RULE = "rule"
    """The stop rule was set."""


@dataclass(frozen=True)
class LoggedFinding:
    """One finding of a run. ``finding`` is a keyed hash, the same when a series is analyzed again."""

    finding: str
    label: str


class _OfModel:
    """What stands in the log-book about one version of a model (empty: about all)."""

    model_id: str
    model_version: str

    @property
    def version(self) -> Version:
        """Which version of which model."""
        return self.model_id, self.model_version


@dataclass(frozen=True)
class LoggedRun(_OfModel):
    """One run. ``started`` is ISO 8601 in UTC; ``study`` and ``series`` are keyed hashes; ``state`` a
    :class:`~medviewer.ai.findings.ResultState`."""

    key: str
    model_id: str
    model_version: str
    title: str
    weights_sha256: str
    device: str
    seconds: float
    state: str
    started: str
    study: str
    series: str
    is_forced: bool = False
    findings: tuple[LoggedFinding, ...] = ()


@dataclass(frozen=True)
class LoggedDecision(_OfModel):
    """One answer to one finding. ``run`` is the run's key, ``finding`` names the AI's object in it.

    ``modified``: what the reader put in its place (keyed hash), empty but for :attr:`Answer.MODIFIED`.
    ``threshold``: the reader's own, None where the model's holds. ``time``: ISO 8601 in UTC. ``number``: its
    place in the log-book, given when it is written.
    """

    run: str
    model_id: str
    model_version: str
    series: str
    finding: str
    label: str
    answer: Answer
    time: str
    reason: str = ""
    assessor: str = ""
    threshold: float | None = None
    modified: str = ""
    number: int = 0

    @property
    def subject(self) -> tuple[str, str, str, str]:
        """What is decided on: a series analyzed twice by one version has each finding once."""
        return self.model_id, self.model_version, self.series, self.finding


@dataclass(frozen=True)
class LoggedAct(_OfModel):
    """An act about a model (or, for the rule itself, about all: empty id). ``time``: ISO 8601 in UTC."""

    kind: ActKind
    time: str
    model_id: str = ""
    model_version: str = ""
    reason: str = ""
    assessor: str = ""
    number: int = 0


Logged = LoggedRun | LoggedDecision | LoggedAct


@dataclass(frozen=True)
class LogData:
    """The whole log-book as read, each part in the order written."""

    runs: tuple[LoggedRun, ...] = field(default=())
    decisions: tuple[LoggedDecision, ...] = field(default=())
    acts: tuple[LoggedAct, ...] = field(default=())
