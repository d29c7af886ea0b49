"""15,000 damaged files: none kills the process, hangs, or raises what is no error of ours."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.robust import fuzz
from tests.robust.mutate import mutated
from tests.robust.seeds import MAKERS, seeds

FILES = 15_000
MEMORY_MB = 1000


def test_every_seed_is_a_good_file(tmp_path: Path) -> None:
    (tmp_path / "IMAGE").write_bytes(seeds()[0].data)
    for seed in seeds():
        path = tmp_path / ("DICOMDIR" if seed.name == "dicomdir" else f"{seed.name}.dcm")
        path.write_bytes(seed.data)
        assert fuzz.open_file(path) == {"outcome": "opened"}, seed.name


def test_damage_is_the_same_every_time_and_differs_from_file_to_file() -> None:
    made = [hashlib.sha256(mutated(1, number)[1]).digest() for number in range(300)]
    assert made == [hashlib.sha256(mutated(1, number)[1]).digest() for number in range(300)]
    assert len(set(made)) > 290


@pytest.mark.timeout(300)
def test_no_damaged_file_does_damage(tmp_path: Path) -> None:
    tally = fuzz.run(FILES, 2, tmp_path / "kept")
    kept = sorted(path.name for path in (tmp_path / "kept").glob("*"))
    assert (tally.deaths, tally.bugs, kept) == ([], [], []), "\n".join(fuzz.told(tally, 0))
    assert sum(tally.outcomes.values()) == FILES
    assert tally.peak_mb < MEMORY_MB
    assert set(MAKERS) <= set(tally.decoded), "some way to store pixels was never reached"
