"""Which label maps ``brain-mr`` learns from: dealt apart for narrow and for wide ventricles."""

from __future__ import annotations

from collections.abc import Sequence

from medviewer.ai.brain_labels import index_of
from medviewer.training.brain_maps import LabelMap
from medviewer.training.splits import Split, rank

TRAINING, VALIDATION, TEST = "training", "validation", "test"
SEED = 4
_NARROW_ML = 20.0
"""Lateral ventricles below this are a young head's; the published maps have five such, and eleven wider."""
_TEST = {"narrow": 1, "wide": 2}
_VALIDATION = {"narrow": 0, "wide": 1}
SOURCE = "SynthSeg training label maps; wide and narrow ventricles dealt apart"


def is_narrow(source: LabelMap) -> bool:
    """Whether the lateral ventricles are a young head's; voxels of a map are 1 mL / 1000."""
    return bool((source.classes == index_of("lateral_ventricle")).sum() / 1000 < _NARROW_ML)


def split_maps(maps: Sequence[LabelMap], seed: int = SEED) -> Split:
    """Deal whole maps: one narrow and two wide ones to the test, one wide one to validation."""
    parts: dict[str, list[str]] = {TRAINING: [], VALIDATION: [], TEST: []}
    for kind, narrow in (("narrow", True), ("wide", False)):
        names = sorted((m.name for m in maps if is_narrow(m) == narrow), key=lambda n: rank(n, seed))
        test, validation = _TEST[kind], _TEST[kind] + _VALIDATION[kind]
        parts[TEST] += names[:test]
        parts[VALIDATION] += names[test:validation]
        parts[TRAINING] += names[validation:]
    return Split({part: tuple(sorted(names)) for part, names in parts.items()}, seed, SOURCE)
