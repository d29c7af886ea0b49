"""What parts of a pack say beside each other: the report names its objects, the SR the reader's threshold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from medviewer.ai.findings import OperatingPoint
from tests.dicom.evidence.validators import iod_errors
from tests.review.packs import packed, read_session
from tests.review.test_pack_gather import items, objects


def test_that_the_report_names_the_outlines_and_findings_it_stands_beside(
    study: Path, tmp_path: Path
) -> None:
    state = read_session(study).state
    for kinds in (("SEG", "SR", "PDF"), ("SR", "PDF"), ("PDF",)):
        folder = packed(state, tmp_path / "-".join(kinds), kinds).folder
        made = objects(folder)
        sources = [
            (str(one.ReferencedSOPClassUID), str(one.ReferencedSOPInstanceUID))
            for one in made["report"].SourceInstanceSequence
        ]
        own = [(str(made[k].SOPClassUID), str(made[k].SOPInstanceUID)) for k in ("seg", "sr") if k in made]
        assert state.series is not None
        assert len(own) == len(kinds) - 1
        assert sources[len(state.series.instances) :] == own
        assert {uid for _, uid in sources} == {i.sop_uid for i in state.series.instances} | {
            u for _, u in own
        }
        assert iod_errors(folder / "report.dcm") == []


def test_that_the_report_object_tells_the_readers_own_threshold(study: Path, tmp_path: Path) -> None:
    session = read_session(study)
    (result,) = session.state.results_here
    points = tuple(OperatingPoint("Pneumonia", at, 0.9, 0.8) for at in (0.2, 0.5))
    scored = replace(result.findings[0], threshold=0.5, operating_points=points)
    changed = replace(result, findings=(scored, *result.findings[1:]))
    assert session.add_result(changed, session.start_analysis(result.series_key, "lung-ct"))
    session.set_threshold(session.state.findings[0].id, 0.2)
    made = objects(packed(session.state, tmp_path / "out", ("SR",)).folder)
    told = [str(one.TextValue) for one in items(made["sr"]) if one.ValueType == "TEXT"]
    assert any("Threshold of the model: 0.5" in text for text in told)
    words = "Reader's threshold 0.20 (model's 0.50), at or above: pneumonia likely."
    assert any(words in text for text in told)
