"""A pack of every kind from every real series: nothing left out, no error of ours by other tools.

What a validator says of the images themselves is inherited, and listed by name.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.dicom.study import ScanResult, Series
from medviewer.review.pack import Pack
from medviewer.review.pack_manifest import verify
from medviewer.review.session import Session
from tests.dicom.evidence.test_real import INHERITED, STUDIES
from tests.dicom.evidence.validators import document, entity_errors, iod_errors
from tests.review.exports import measurement
from tests.review.makers import clock
from tests.review.packs import packed, results_of

IN_PLACE = {
    **INHERITED,
    # Its modality LUT says 16 bits and holds 10: copied as it is, for it leads to the right values.
    "misc": (*INHERITED["misc"], "</ModalityLUTSequence(0028,3000)[1]/LUTData(0028,3006)>"),
}
NAMELESS = "999."
"""The root of a SOP Instance UID that does not exist: dcmtk reads no object that refers to it."""


def session_on(found: ScanResult, series: Series) -> Session:
    """One image marked, a length, an ellipse and a note drawn on it, an impression; and a made-up model where
    the series is a volume."""
    session = Session("Reader 読影", clock=clock)
    session.open(found)
    session.show(series.key)
    session.set_volume(series.key, load_series(series))
    if series.is_volume:
        made = results_of(series, "lung-ct")
        assert session.add_result(made, session.start_analysis(series.key, "lung-ct"))
        session.accept(session.state.findings[0].id)
        session.reject(session.state.findings[1].id, "motion")
    k = len(series.instances) // 2
    session.scroll(k)
    session.toggle_key_image()
    rows, columns = series.size
    points = [(float(k), y * rows, x * columns) for y, x in ((0.2, 0.3), (0.5, 0.6), (0.3, 0.7))]
    drawn = {"series_key": series.key, "index": k}
    session.add_measurement(measurement("length", "67.9\u2009px", tuple(points[:2]), **drawn))
    session.add_measurement(
        measurement("ellipse", "8\u2009±\u20093 · 1,234.5\u2009px²", tuple(points), **drawn)
    )
    session.add_measurement(measurement("text", "see here, ここ", tuple(points[:2]), **drawn))
    session.set_impression("No mass.")
    return session


def judged(pack: Pack, series: Series, study: str) -> list[str]:
    """What other people's tools have against the pack, but for what is inherited."""
    objects = sorted(pack.folder.glob("*.dcm"))
    sources = sorted({instance.path for instance in series.instances})
    errors = [f"{path.name}: {line}" for path in objects for line in iod_errors(path)]
    errors += entity_errors([*sources, *objects])
    if not series.instances[0].sop_uid.startswith(NAMELESS):
        for name in ("sr.dcm", "key-images.dcm"):
            if (pack.folder / name).exists():
                assert "<" in document(pack.folder / name)
    return [line for line in errors if not any(known in line for known in IN_PLACE.get(study, ()))]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("study", STUDIES)
def test_that_a_pack_of_every_kind_is_sound(study: str, shared_data: Path, tmp_path: Path) -> None:
    found = scan([shared_data / "studies" / study])
    assert found.all_series()
    for number, series in enumerate(found.all_series()):
        pack = packed(session_on(found, series).state, tmp_path / str(number))
        without = set() if series.is_volume else {"SEG", "SR"}
        assert {one.kind for one in pack.left_out} == without, [one.reason for one in pack.left_out]
        assert verify(pack.folder) == ()
        assert judged(pack, series, study) == []
