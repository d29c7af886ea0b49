"""The whole corpus: ``python -m tests.robust.corpus`` opens it in a child process and prints a table."""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from tests.factories import to_bytes
from tests.robust import cases_files, cases_headers, cases_pixels, cases_series, cases_streams
from tests.robust.case import REJECT, Case, Opened, opened
from tests.robust.cases_series import SeriesCase, judge
from tests.robust.harness import PATIENCE_S, Report, be_patient, drive, serve

FILES: list[Case] = [*cases_files.CASES, *cases_pixels.CASES, *cases_streams.CASES, *cases_headers.CASES]
SERIES: list[SeriesCase] = cases_series.CASES
ALL: list[Case | SeriesCase] = [*FILES, *SERIES]


def title(case: Case | SeriesCase) -> str:
    """Number and name."""
    return f"{case.number} {case.name}"


def placed(case: Case | SeriesCase, folder: Path) -> Path:
    """Write a case; what to open."""
    made = case.make(folder)
    if isinstance(case, SeriesCase):
        return folder
    if isinstance(made, Dataset):
        made = to_bytes(made)
    if isinstance(made, bytes):
        path = folder / "case.dcm"
        path.write_bytes(made)
        return path
    assert isinstance(made, Path)
    return made


def complaint(case: Case | SeriesCase, seen: Opened) -> str:
    """What is not as it must be; empty where all is."""
    if seen.outcome != case.expect:
        return f"{seen.outcome} in place of {case.expect}: {seen.reasons} {seen.issues}"
    told = case.issues if isinstance(case, SeriesCase) else case.says
    if case.expect == REJECT:
        if not any(re.search(told, reason) for reason in seen.reasons):
            return f"says {seen.reasons} in place of {told!r}"
    elif seen.issues != sorted(filter(None, told.split(","))):
        return f"issues {seen.issues} in place of {told!r}"
    try:
        if isinstance(case, SeriesCase):
            judge(case, seen)
        elif case.check is not None:
            assert case.check(seen) is not False
    except Exception as error:  # noqa: BLE001 - told with the case it belongs to
        return f"{type(error).__name__}: {error}"
    return ""


def work(index: int) -> dict[str, Any]:
    """Make, open and judge one case, in the child."""
    case = ALL[index]
    with tempfile.TemporaryDirectory(prefix="medviewer-corpus-") as folder:
        be_patient(60)
        path = placed(case, Path(folder))
        be_patient(PATIENCE_S)
        start = time.perf_counter()
        try:
            seen = opened(path)
        except Exception as error:  # noqa: BLE001 - none may come out of opening a file
            return {"outcome": "error", "complaint": f"{type(error).__name__}: {error}"}
        seconds = time.perf_counter() - start
        said = (*seen.reasons, *seen.issues)
        return {
            "outcome": seen.outcome,
            "complaint": complaint(case, seen),
            "said": said,
            "seconds": seconds,
        }


def run() -> list[Report]:
    """One report for every case, in their order."""
    return list(drive("tests.robust.corpus", range(len(ALL))))


def main() -> int:
    """Entry point of ``python -m tests.robust.corpus``."""
    if sys.argv[1:2] == ["--worker"]:
        serve(work, range(int(sys.argv[2]), int(sys.argv[3])))
        return 0
    reports, bad = run(), 0
    slowest = max(report.answer.get("seconds", report.seconds) for report in reports)
    for report, case in zip(reports, ALL, strict=True):
        wrong = report.death or report.answer["complaint"]
        bad += bool(wrong)
        said = "; ".join(report.answer.get("said", ()))
        outcome = report.answer.get("outcome")
        sys.stdout.write(f"{title(case):42} {report.answer.get('seconds', 0):6.3f} s  {outcome}: {said}\n")
        if wrong:
            sys.stdout.write(f"    WRONG: {wrong[:400]}\n")
    for name, cases in (("files", reports[: len(FILES)]), ("series", reports[len(FILES) :])):
        sys.stdout.write(
            f"{len(cases)} {name}: {dict(Counter(r.answer.get('outcome', r.death) for r in cases))}\n"
        )
    peak = max(r.peak_mb for r in reports)
    sys.stdout.write(f"{bad} wrong, slowest to open {slowest:.2f} s, most memory {peak:.0f} MB\n")
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
