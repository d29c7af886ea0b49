"""What tests of modified findings share: a session on images, a lung found there, the reader's outline."""

from __future__ import annotations

import numpy as np

from medviewer.ai.findings import Finding, Measurement, Notice, UnsureSlice
from medviewer.imaging.volume import Mask
from medviewer.review.session import Session
from tests.review.makers import FIRST, SHAPE, clock, geometry, make_mask, make_result, make_scan, make_volume

LUNG = make_mask(1, "right_lung", slice(8, 20))


def finding(finding_id: str = "right") -> Finding:
    """A lung with figures that an outline tells, and with some that it does not."""
    return Finding(
        finding_id,
        "Right lung",
        "Right lung: volume 3.7 mL (3.5 to 3.9 mL).",
        criterion="range over slightly changed copies",
        mask=LUNG,
        measurements=(
            Measurement("Volume", 3.6864, "mL", (3.5, 3.9)),
            Measurement("Mean density", -850.0, "HU", decimals=0),
            Measurement("LAA-950", 9.6, "%", (8.8, 10.3)),
        ),
        slices=(1, 6),
        key_slice=2,
        warnings=(Notice("CUT", "The right lung is cut."),),
        unsure=(UnsureSlice(3, 0.2),),
    )


def outline(*extra: tuple[int, int, int]) -> Mask:
    """The lung with more voxels: the reader's."""
    full = LUNG.full()
    for voxel in extra:
        full[voxel] = True
    return Mask.from_full(1, "right_lung", full, geometry())


def smaller() -> Mask:
    """Two slices of the lung."""
    full = LUNG.full()
    full[3:] = False
    return Mask.from_full(1, "right_lung", full, geometry())


def session_with(*findings: Finding, reader: str = "reader01") -> Session:
    """The findings on the images on screen."""
    session = Session(reader, clock=clock)
    session.open(make_scan())
    session.show(FIRST)
    session.set_volume(FIRST, make_volume())
    result = make_result(findings=findings or (finding(),))
    assert session.add_result(result, session.start_analysis(FIRST, "lung-ct"))
    return session


EMPTY = Mask.from_full(1, "right_lung", np.zeros(SHAPE, bool), geometry())
