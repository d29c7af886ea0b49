"""What the audit tells of an act: references and hashes, never a name, id, date or path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from medviewer.ai.findings import Provenance
from medviewer.dicom.study import ScanResult
from medviewer.review.modification import Modification
from medviewer.review.references import uid_hash
from medviewer.review.state import State

Facts = dict[str, Any]


def opened(scan: ScanResult) -> Facts:
    """What was opened: its studies and series, and how many images."""
    series = scan.all_series()
    return {
        "studies": sorted({uid_hash(one.study_uid) for one in series}),
        "series": [uid_hash(one.uid) for one in series],
        "images": sum(len(one.instances) for one in series),
    }


def made_by(run: Provenance) -> Facts:
    """Which model said it, of what."""
    return {
        "study": uid_hash(run.study_uid),
        "series": uid_hash(run.series_uid),
        "model": f"{run.model_id} {run.model_version}",
        "weights": run.weights_sha256,
    }


def on_finding(state: State, finding_id: str) -> Facts:
    """Whose finding is decided upon; nothing where no result holds it."""
    makers = (r for r in state.results if any(f.id == finding_id for f in r.findings))
    result = next(makers, None)
    return made_by(result.provenance) if result is not None else {}


def own_name(finding_id: str) -> str:
    """What the model called a finding, without what the session added to tell a second run's from it."""
    return finding_id.partition("~")[0]


def modified(change: Modification | None) -> Facts:
    """What the reader put in place of an outline, by its hash; nothing for other decisions."""
    return {} if change is None else {"outline": change.digest}


def exported(study_uid: str, series_uid: str, kind: str, contents: Mapping[Path, bytes | str]) -> Facts:
    """What left: how many files of which kind, and the hash of each."""
    digests = [
        sha256(text.encode("utf-8", "replace") if isinstance(text, str) else text).hexdigest()
        for text in contents.values()
    ]
    return _files(study_uid, series_uid, kind, contents, digests)


def exported_files(study_uid: str, series_uid: str, kind: str, paths: Iterable[Path]) -> Facts:
    """As :func:`exported`, of files on the disk; "" is the hash of one that cannot be read any more."""
    listed = list(paths)
    return _files(study_uid, series_uid, kind, listed, [_digest(path) for path in listed])


def _files(study: str, series: str, kind: str, paths: Iterable[Path], digests: list[str]) -> Facts:
    return {
        "study": uid_hash(study),
        "series": uid_hash(series),
        "what": kind,
        "files": len(digests),
        "formats": [path.suffix.lstrip(".") for path in paths],
        "sha256": digests,
    }


def _digest(path: Path) -> str:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
