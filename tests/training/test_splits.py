"""Patients are dealt whole, the same for the same seed, and nobody is on both sides."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from medviewer.training.checkpoint import BrokenTraining
from medviewer.training.splits import Split, read_split, split_patients, write_split

PATIENTS = [f"patient{k}" for k in range(1000)]
SHARES = {"train": 0.7, "validation": 0.1, "test": 0.2}


def test_that_everyone_is_in_exactly_one_part_and_the_shares_are_kept() -> None:
    split = split_patients(PATIENTS, SHARES, seed=1)
    parts = [split.part(name) for name in SHARES]
    assert [len(part) for part in parts] == [700, 100, 200]
    assert frozenset().union(*parts) == frozenset(PATIENTS)
    assert all(not a & b for i, a in enumerate(parts) for b in parts[:i])
    assert split.part_of("patient7") in SHARES
    with pytest.raises(KeyError):
        split.part_of("nobody")


def test_that_neither_order_nor_repetition_changes_the_split_but_the_seed_does() -> None:
    split = split_patients(PATIENTS, SHARES, seed=1)
    assert split.parts == split_patients([*reversed(PATIENTS), *PATIENTS], SHARES, seed=1).parts
    other = split_patients(PATIENTS, SHARES, seed=2)
    # Chance alone puts a fifth of the test patients of one seed into the test part of the other.
    assert 10 < len(split.part("test") & other.part("test")) < 80


def test_that_the_order_is_the_hash_told_in_the_file(tmp_path: Path) -> None:
    split = split_patients(["a", "b", "c", "d"], {"train": 0.5, "test": 0.5}, seed=3, source="four")
    ordered = sorted("abcd", key=lambda p: hashlib.sha256(f"3:{p}".encode()).hexdigest())
    assert split.part("train") == frozenset(ordered[:2])
    write_split(tmp_path / "split.json", split)
    stored = json.loads((tmp_path / "split.json").read_text(encoding="utf-8"))
    assert (stored["seed"], stored["source"]) == (3, "four")
    again = read_split(tmp_path / "split.json")
    assert (again.parts, again.seed, again.source) == (split.parts, 3, "four")


def test_that_small_data_sets_are_dealt_exactly() -> None:
    split = split_patients(PATIENTS[:16], {"train": 0.75, "test": 0.25}, seed=0)
    assert len(split.part("test")) == 4


def test_that_a_patient_on_both_sides_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenTraining, match="both 'train' and 'test'"):
        Split({"train": ("a", "b"), "test": ("b",)}, 0)
    path = tmp_path / "split.json"
    path.write_text('{"seed": 0, "parts": {"train": ["a"], "test": ["a"]}}', encoding="utf-8")
    with pytest.raises(BrokenTraining, match="both 'train' and 'test'"):
        read_split(path)
    with pytest.raises(BrokenTraining, match="twice in 'train'"):
        Split({"train": ("a", "a")}, 0)


@pytest.mark.parametrize("content", ["", "[]", '{"parts": 3, "seed": 1}', '{"parts": {"a": ["b"]}}'])
def test_that_a_file_that_is_no_split_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "split.json").write_text(content, encoding="utf-8")
    with pytest.raises(BrokenTraining, match=r"split\.json cannot be read"):
        read_split(tmp_path / "split.json")


@pytest.mark.parametrize("shares", [{"train": 0.5}, {"train": 1.2, "test": -0.2}])
def test_that_shares_that_are_none_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        split_patients(PATIENTS, shares, seed=0)
