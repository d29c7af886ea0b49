"""Who is learned from and who is measured on: patients dealt out by a hash, written beside the model.

Whole patients go to one part, never pictures. A patient's place depends on the patient's code, the seed and
who else is there, not on the order of files; the written file is the record that evaluation reads.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from medviewer.training.checkpoint import BrokenTraining, write_bytes

FILE = "split.json"


@dataclass(frozen=True)
class Split:
    """Part → patients, sorted; no patient in two parts. ``source`` says of which data."""

    parts: Mapping[str, tuple[str, ...]]
    seed: int
    source: str = ""

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for part, patients in self.parts.items():
            for patient in patients:
                if seen.setdefault(patient, part) != part:
                    raise BrokenTraining(f"A patient is in both {seen[patient]!r} and {part!r} of the split.")
            if len(set(patients)) != len(patients):
                raise BrokenTraining(f"A patient is twice in {part!r} of the split.")
        object.__setattr__(self, "parts", MappingProxyType(dict(self.parts)))

    def part_of(self, patient: str) -> str:
        """The part a patient belongs to. Raises KeyError for one the split doesn't know."""
        for part, patients in self.parts.items():
            if patient in patients:
                return part
        raise KeyError(patient)

    def part(self, name: str) -> frozenset[str]:
        """The patients of one part."""
        return frozenset(self.parts[name])


def rank(patient: str, seed: int) -> str:
    """What patients are sorted by before they are dealt: SHA-256 of "seed:patient"."""
    return hashlib.sha256(f"{seed}:{patient}".encode()).hexdigest()


def split_patients(
    patients: Iterable[str], shares: Mapping[str, float], seed: int, source: str = ""
) -> Split:
    """Deal the patients (duplicates count once) to the parts by their ``shares``, which sum to 1."""
    if abs(sum(shares.values()) - 1) > 1e-6 or min(shares.values()) <= 0:
        raise ValueError("the shares of a split are positive and sum to 1")
    order = sorted(set(patients), key=lambda patient: rank(patient, seed))
    parts, start, upto = {}, 0, 0.0
    for name, share in shares.items():
        upto += share
        end = round(upto * len(order))
        parts[name] = tuple(sorted(order[start:end]))
        start = end
    return Split(parts, seed, source)


def write_split(path: Path, split: Split) -> None:
    """Write the split as JSON, whole or not at all."""
    data = {
        "source": split.source,
        "seed": split.seed,
        "order": "sha256 of 'seed:patient'",
        "parts": {name: list(patients) for name, patients in split.parts.items()},
    }
    write_bytes(path, (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode())


def read_split(path: Path) -> Split:
    """Read a split. Raises :class:`BrokenTraining` for a file that is none or holds a patient twice."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        parts = {str(name): tuple(map(str, patients)) for name, patients in data["parts"].items()}
        return Split(parts, int(data["seed"]), str(data.get("source", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenTraining(f"The split {path.name} cannot be read.", "Train anew to write it.") from error
