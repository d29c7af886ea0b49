"""How long a run takes: what it took here before, else what the card measured; never an error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medviewer import paths
from medviewer.ai.estimate import left_text, progress_text, remember, seconds_for
from tests.ai.bundles import card

KNOWN = replace(card(), seconds_per_slice=0.5)
UNKNOWN = replace(card(), seconds_per_slice=None)


def test_the_card_is_believed_until_a_run_here_told_better() -> None:
    assert seconds_for(KNOWN, "CPU", 20) == 10
    assert seconds_for(UNKNOWN, "CPU", 20) is None
    remember(KNOWN, "CPU", slices=40, seconds=4)
    assert seconds_for(KNOWN, "CPU", 20) == pytest.approx(2)
    assert seconds_for(UNKNOWN, "CPU", 20) == pytest.approx(2)


def test_another_device_model_or_version_took_another_time() -> None:
    remember(KNOWN, "CPU", 40, 4)
    remember(KNOWN, "GPU", 40, 0.4)
    assert seconds_for(KNOWN, "CPU", 20) == pytest.approx(2)
    assert seconds_for(KNOWN, "GPU", 20) == pytest.approx(0.2)
    assert seconds_for(replace(KNOWN, version="99"), "CPU", 20) == 10
    assert seconds_for(replace(KNOWN, id="other"), "CPU", 20) == 10


def test_a_run_of_nothing_teaches_nothing() -> None:
    remember(KNOWN, "CPU", 0, 4)
    remember(KNOWN, "CPU", 40, 0)
    assert seconds_for(KNOWN, "CPU", 20) == 10


@pytest.mark.parametrize("content", [b"", b"[1, 2]", b"\xff", b'{"torn'])
def test_a_torn_cache_costs_only_what_it_knew(content: bytes) -> None:
    remember(KNOWN, "CPU", 40, 4)
    (cache,) = paths.cache_dir().glob("*.json")
    cache.write_bytes(content)
    assert seconds_for(KNOWN, "CPU", 20) == 10
    remember(KNOWN, "CPU", 40, 4)
    assert seconds_for(KNOWN, "CPU", 20) == pytest.approx(2)


def test_a_place_that_cannot_be_written_is_no_error() -> None:
    paths.cache_dir().parent.mkdir(parents=True, exist_ok=True)
    paths.cache_dir().write_bytes(b"a file where a folder should be")
    remember(KNOWN, "CPU", 40, 4)
    assert seconds_for(KNOWN, "CPU", 20) == 10


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "about 1\u2009s left"),
        (6.4, "about 6\u2009s left"),
        (42, "about 40\u2009s left"),
        (89, "about 90\u2009s left"),
        (90, "about 2\u2009min left"),
        (600, "about 10\u2009min left"),
        (None, ""),
    ],
)
def test_time_left_is_rounded_as_an_estimate_deserves(seconds: float | None, text: str) -> None:
    assert left_text(seconds) == text


def test_the_first_slices_tell_little_and_later_ones_all() -> None:
    assert progress_text(UNKNOWN, "CPU", 0, 10, 0.0) == "Slice 0 of 10"
    assert progress_text(KNOWN, "CPU", 0, 12, 0.0) == "Slice 0 of 12, about 6\u2009s left"
    assert progress_text(KNOWN, "CPU", 2, 12, 100.0) == "Slice 2 of 12, about 5\u2009s left"
    assert progress_text(KNOWN, "CPU", 4, 12, 8.0) == "Slice 4 of 12, about 16\u2009s left"
    assert progress_text(KNOWN, "CPU", 12, 12, 8.0) == "Measuring"
