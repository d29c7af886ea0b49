"""``manifest.json`` of an evidence pack: what lies in it, with hashes, and what could not be written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from medviewer.errors import MedviewerError

MANIFEST = "manifest.json"
SCHEMA = "medviewer.evidence/1"
NOTICE = "Research use only. Not for diagnostic use."


@dataclass(frozen=True)
class Entry:
    """A file of the pack. ``facts``: UIDs of a DICOM object."""

    name: str
    kind: str
    what: str
    size: int
    sha256: str
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LeftOut:
    """What was asked for and could not be written, and why."""

    kind: str
    what: str
    error: MedviewerError

    @property
    def reason(self) -> str:
        """The error's sentence with its remedy."""
        return self.error.sentence()


@dataclass(frozen=True)
class ModelFacts:
    """The model behind a result, exactly."""

    id: str
    version: str
    title: str
    weights_sha256: str


@dataclass(frozen=True)
class About:
    """What a pack is about. No patient data; ``created`` is ISO 8601 with zone."""

    app_version: str
    created: str
    study_uid: str
    series_uid: str
    models: tuple[ModelFacts, ...] = ()
    notices: tuple[str, ...] = ()
    """What the reader must know of the whole: what the images do not say."""


def manifest_text(about: About, entries: Sequence[Entry], left_out: Sequence[LeftOut]) -> str:
    """The file's text."""
    told = {
        "schema": SCHEMA,
        "notice": NOTICE,
        **{("app" if key == "app_version" else key): value for key, value in asdict(about).items()},
        "files": [_entry(entry) for entry in entries],
        "not_written": [{"kind": one.kind, "what": one.what, "reason": one.reason} for one in left_out],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _entry(entry: Entry) -> dict[str, Any]:
    told = asdict(entry)
    return {**{key: told[key] for key in ("name", "kind", "what", "size", "sha256")}, **entry.facts}


def verify(folder: Path) -> tuple[str, ...]:
    """Compare a pack with its manifest: one sentence for every file that is missing, changed or too much."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        listed = {str(file["name"]): str(file["sha256"]) for file in manifest["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return (f"{MANIFEST} is missing or cannot be read.",)
    if manifest.get("schema") != SCHEMA:
        return (f"{MANIFEST} is of another kind.",)
    wrong = []
    here = {path.name for path in folder.iterdir()} - {MANIFEST}
    for name, digest in listed.items():
        if name not in here:
            wrong.append(f"{name} is missing.")
        elif sha256((folder / name).read_bytes()).hexdigest() != digest:
            wrong.append(f"{name} was changed.")
    wrong += [f"{name} is not listed." for name in sorted(here - listed.keys())]
    return tuple(wrong)
