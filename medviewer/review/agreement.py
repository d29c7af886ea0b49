"""How far readers and models agree, from the log-book: shares with intervals, courses, reasons. Pure.

Agreement is accepted of decided. A modified finding was decided and not accepted: the model's own outline was
not good enough to stand. Agreement is no accuracy: nobody checked the reader.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from medviewer.review.logbook_records import Answer, LogData, LoggedDecision, Version
from medviewer.review.stop_rule import standing

FEW = 10
"""Fewer decided findings make no share: at ten a 95 % interval still spans about half of all shares."""
_Z = 1.959963984540054
"""The normal distribution's 97.5 % quantile."""
NO_REASON = "No reason given"


@dataclass(frozen=True)
class Agreement:
    """Counts of one model version, or of one finding of it. ``runs``: where it was asked for."""

    name: str
    accepted: int = 0
    modified: int = 0
    rejected: int = 0
    found: int = 0
    """All findings, decided or not; a series analyzed twice by one version counts once."""
    runs: int = 0

    @property
    def decided(self) -> int:
        """Findings with a decision that stands."""
        return self.accepted + self.modified + self.rejected

    @property
    def not_reviewed(self) -> int:
        """Findings that nobody decided."""
        return max(0, self.found - self.decided)

    @property
    def is_few(self) -> bool:
        """Too few to judge."""
        return self.decided < FEW

    @property
    def share(self) -> float | None:
        """Accepted of decided, 0 to 1; None where nothing was decided."""
        return self.accepted / self.decided if self.decided else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share."""
        return wilson(self.accepted, self.decided)

    def words(self) -> str:
        """ "82 % (61 to 93), 18 of 22"; "3 of 4 accepted: too few to judge"."""
        if not self.decided:
            return "nothing decided yet"
        counts = f"{self.accepted} of {self.decided}"
        if self.is_few:
            return f"{counts} accepted: too few to judge"
        low, high = self.interval
        return (
            f"{_percent(self.accepted / self.decided)}\u2009% ({_percent(low)} to {_percent(high)}), {counts}"
        )


def wilson(successes: int, count: int) -> tuple[float, float]:
    """The 95 % score interval of a share (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927); (0, 1) of nothing."""
    if not count:
        return 0.0, 1.0
    share, z2 = successes / count, _Z * _Z / count
    middle, half = share + z2 / 2, _Z * sqrt((share * (1 - share) + z2 / 4) / count)
    low, high = (middle - half) / (1 + z2), (middle + half) / (1 + z2)
    return (0.0 if successes == 0 else low), (1.0 if successes == count else high)


def versions(data: LogData) -> tuple[tuple[Version, str], ...]:
    """Every model version and its title, in the order first run; the id where the run is not told."""
    titles: dict[Version, str] = {}
    for run in data.runs:
        titles.setdefault(run.version, run.title)
    for decision in data.decisions:
        titles.setdefault(decision.version, decision.model_id)
    return tuple(titles.items())


def by_version(data: LogData) -> dict[Version, Agreement]:
    """Agreement of each model version that ever ran."""
    counts = _counts(data, lambda version, _: version)
    runs = Counter(run.version for run in data.runs)
    return {
        version: _agreement(f"{title} {version[1]}", counts, version, runs[version])
        for version, title in versions(data)
    }


def by_label(data: LogData, version: Version) -> tuple[Agreement, ...]:
    """Agreement of each kind of finding of one model version, the most decided first."""
    counts = _counts(data, lambda own, label: label if own == version else None)
    labels = {key for key, _ in counts}
    rows = [_agreement(str(label), counts, label, 0) for label in labels if label is not None]
    return tuple(sorted(rows, key=lambda row: (-row.decided, row.name)))


def _counts(data: LogData, key: Callable[[Version, str], object]) -> Counter[tuple[object, str]]:
    """How many findings were "found", and how many got which answer, by ``key(version, label)``."""
    counts: Counter[tuple[object, str]] = Counter()
    found = {(run.version, run.series, one.finding): one.label for run in data.runs for one in run.findings}
    counts.update((key(version, label), "found") for (version, _, _), label in found.items())
    counts.update((key(d.version, d.label), str(d.answer)) for d in standing(data.decisions))
    return counts


def _agreement(name: str, counts: Counter[tuple[object, str]], key: object, runs: int) -> Agreement:
    accepted, modified, rejected = (
        counts[key, answer] for answer in (Answer.ACCEPTED, Answer.MODIFIED, Answer.REJECTED)
    )
    return Agreement(name, accepted, modified, rejected, counts[key, "found"], runs)


def course(data: LogData, version: Version, window: int) -> tuple[tuple[int, float], ...]:
    """(decided so far, accepted share of the last ``window`` decided findings), after each decision.

    Nothing before the first full window.
    """
    answers = [d.answer is Answer.ACCEPTED for d in _of(standing(data.decisions), version)]
    return tuple((end, sum(answers[end - window : end]) / window) for end in range(window, len(answers) + 1))


def reasons(data: LogData, version: Version) -> tuple[tuple[str, int], ...]:
    """Why findings were rejected, the most frequent first; equal words in any case are one reason."""
    said: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for decision in _of(standing(data.decisions), version):
        if decision.answer is Answer.REJECTED:
            words = " ".join(decision.reason.split()) or NO_REASON
            counts[said.setdefault(words.casefold(), words)] += 1
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _of(decisions: Iterable[LoggedDecision], version: Version) -> Sequence[LoggedDecision]:
    return [decision for decision in decisions if decision.version == version]


def _percent(share: float) -> str:
    """Whole per cent; "100" and "0" only where it is just that, for the interval's ends too."""
    whole = round(100 * share)
    if whole == 100 and share < 1:
        whole = 99
    return str(1 if whole == 0 and share > 0 else whole)
