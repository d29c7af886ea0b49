"""The site's stop rule: a model version whose findings the readers stopped accepting does not run on a click.

Pure functions over the log-book. The rule is latched: a model once stopped stays stopped until somebody lets
it run again with a reason, however the decisions on forced runs turn out. A decision taken back counts as
never made, so a mistake undone also undoes the stop it caused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from medviewer.errors import UsageError
from medviewer.review.logbook_records import ActKind, Answer, LogData, LoggedDecision, Version

MIN_WINDOW, MAX_WINDOW = 5, 500


@dataclass(frozen=True)
class StopRule:
    """Stop when fewer than ``percent`` % of ``window`` findings decided in a row were accepted as they are.

    On by default at "fewer than half of twenty": a model whose findings are mostly refused should ask before
    it runs, also at a site that never opened its settings; one that deserves 80 % trips it in 6 of 10,000
    windows. Raises :class:`UsageError` outside 1 to 100 % and 5 to 500 findings.
    """

    is_on: bool = True
    percent: int = 50
    window: int = 20

    def __post_init__(self) -> None:
        if not 1 <= self.percent <= 100:
            raise UsageError("The stop rule's share must lie between 1 and 100 %.")
        if not MIN_WINDOW <= self.window <= MAX_WINDOW:
            raise UsageError(f"The stop rule looks at {MIN_WINDOW} to {MAX_WINDOW} findings.")

    def is_broken_by(self, accepted: int) -> bool:
        """Whether ``accepted`` of a full window are too few; a share that is just reached is enough."""
        return self.is_on and 100 * accepted < self.percent * self.window

    def words(self) -> str:
        """The rule in a sentence."""
        if not self.is_on:
            return "No stop rule is set."
        return (
            f"Stop when fewer than {self.percent} % of the last {self.window} decided findings were accepted."
        )


@dataclass(frozen=True)
class Stop:
    """Why a model version is stopped: the first window that broke the rule since the last reset.

    ``since`` is the time of its last decision (ISO 8601, UTC).
    """

    version: Version
    decided: int
    accepted: int
    modified: int
    rejected: int
    since: str

    def words(self) -> str:
        """ "Stopped by this site's rule: 12 of the last 20 rejected." """
        counts = [(self.rejected, "rejected"), (self.modified, "modified")]
        said = " and ".join(f"{count} {word}" for count, word in counts if count)
        first, rest = said.split(" ", 1)
        return f"Stopped by this site's rule: {first} of the last {self.decided} {rest}."


def standing(decisions: Iterable[LoggedDecision]) -> tuple[LoggedDecision, ...]:
    """The last word on each finding, in the order these were said; findings whose last word was taken back
    have none."""
    last: dict[tuple[str, str, str, str], LoggedDecision] = {}
    for decision in decisions:
        last.pop(decision.subject, None)
        if decision.answer is not Answer.UNDONE:
            last[decision.subject] = decision
    return tuple(last.values())


def stops(data: LogData, rule: StopRule) -> dict[Version, Stop]:
    """Every model version that is stopped now.

    Only decisions after the version's last reset count, and only full windows of ``rule.window`` of them.
    """
    if not rule.is_on:
        return {}
    resets = {act.version: act.number for act in data.acts if act.kind is ActKind.RESET}
    by_version: dict[Version, list[LoggedDecision]] = {}
    for decision in standing(data.decisions):
        if decision.number > resets.get(decision.version, -1):
            by_version.setdefault(decision.version, []).append(decision)
    found = {version: _first_break(version, own, rule) for version, own in by_version.items()}
    return {version: stop for version, stop in found.items() if stop is not None}


def _first_break(version: Version, decisions: Sequence[LoggedDecision], rule: StopRule) -> Stop | None:
    for end in range(rule.window, len(decisions) + 1):
        answers = [decision.answer for decision in decisions[end - rule.window : end]]
        accepted = answers.count(Answer.ACCEPTED)
        if rule.is_broken_by(accepted):
            modified, rejected = answers.count(Answer.MODIFIED), answers.count(Answer.REJECTED)
            return Stop(version, rule.window, accepted, modified, rejected, decisions[end - 1].time)
    return None
