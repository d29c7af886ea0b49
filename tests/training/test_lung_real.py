"""What the real scans teach, and what they keep to themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from medviewer.training.lung_data import UNTOLD
from medviewer.training.lung_real import THICKER_MM, real_cases


def test_the_training_patient_in_its_own_slices_and_thicker_ones_without_its_tumour(
    shared_data: Path,
) -> None:
    cases = real_cases(shared_data / "studies" / "ct_chest_A0001")
    assert len(cases) == 2 * (1 + len(THICKER_MM))
    assert len({case.name for case in cases}) == len(cases)
    for case in cases:
        assert case.step_mm in {5.0, *(thick for thick, _ in THICKER_MM)}
        untold = (case.labels == UNTOLD).mean(axis=(1, 2))
        assert 0 < np.count_nonzero(untold) * case.step_mm < 90
        assert untold.max() < 0.1
        # Feet first: the lungs are widest in the lower half, the trachea lies in the upper.
        assert np.nonzero(case.labels == 3)[0].mean() > len(case.labels) / 2
