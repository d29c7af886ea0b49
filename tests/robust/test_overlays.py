"""Damaged segmentations and structure sets: an overlay of the series' own size, or a sentence."""

from __future__ import annotations

from tests.robust import overlays
from tests.robust.fuzz import BUG

FILES = 400


def test_no_damaged_overlay_does_damage() -> None:
    reports = overlays.run(FILES)
    assert len(reports) == FILES
    assert [r for r in reports if r.death or r.answer["outcome"] == BUG] == []
    assert {r.answer["outcome"] for r in reports} == {"opened", "refused"}
    assert max(r.peak_mb for r in reports) < 1000
