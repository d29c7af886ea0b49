"""Several models on one series: what counts, what is kept, one undo over all; their second opinion."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from medviewer.ai.findings import AnalysisResult, Code, Finding, Notice, ResultState
from medviewer.ai.second_opinion import Comparison, compare_all
from medviewer.errors import UsageError
from medviewer.imaging.volume import Mask
from medviewer.review import opinion_words
from medviewer.review.report import Report, build
from medviewer.review.report_html import html_text
from medviewer.review.report_pdf import pdf_bytes
from medviewer.review.result_json import report_dict
from medviewer.review.session import Session
from medviewer.review.state import Change, Verdict
from tests.review.makers import (
    FIRST,
    NOW,
    SECOND,
    SHAPE,
    Ear,
    geometry,
    make_findings,
    make_result,
    make_volume,
    provenance,
)
from tests.review.test_report_files import pages

LUNG = Code("SCT", "39607008", "Lung")


def other(
    state: ResultState = ResultState.FINDINGS, finding_id: str = "lungs", **facts: object
) -> AnalysisResult:
    """What a second model says: both lungs as one, a little wider than the first model's."""
    full = np.zeros(SHAPE, bool)
    full[1:7, 12:28, 8:20] = full[1:7, 12:28, 28:42] = True
    found = Finding(
        finding_id, "Lungs", "Lungs, right and left as one: volume 4,900 mL.", code=LUNG,
        mask=Mask.from_full(1, "lungs", full, geometry()), key_slice=4, slices=(1, 6), colour="#009E73",
    )  # fmt: skip
    made = provenance(model_id="other", model_title="Lungs by others", model_version="7", seconds=9.5)
    values = {"provenance": made, "findings": (found,) if state is ResultState.FINDINGS else (), **facts}
    return make_result(state, **values)


def mine() -> AnalysisResult:
    """The first model's, both lungs coded."""
    low, right, left = make_findings()
    return make_result(findings=(low, right, replace(left, code=Code("SCT", "44029006", "Left lung"))))


@pytest.fixture
def two(session: Session) -> Session:
    """A session with the results of two models."""
    assert session.add_result(mine(), session.start_analysis(FIRST, "lung-ct"))
    assert session.add_result(other(), session.start_analysis(FIRST, "other"))
    return session


def opinion(session: Session) -> Comparison:
    (found,) = compare_all(session.state.results_here)
    session.add_opinions([found])
    return found


# --- what counts -------------------------------------------------------------------------------------------


def test_that_another_model_stands_beside_and_walking_goes_over_both(two: Session) -> None:
    assert [r.provenance.model_id for r in two.state.results_here] == ["lung-ct", "other"]
    assert [f.id for f in two.state.findings] == ["laa", "right", "left", "lungs"]
    walked = []
    for _ in range(5):
        two.next_finding()
        walked.append(two.state.selected_finding)
    assert walked == ["laa", "right", "left", "lungs", "laa"]
    assert two.state.reviewed == (0, 4)
    assert two.state.result is two.state.results[-1]


def test_that_the_same_model_again_takes_its_own_place_and_the_history_stays(two: Session) -> None:
    two.accept("right")
    two.accept("lungs")
    two.add_result(mine(), two.start_analysis(FIRST, "lung-ct"))
    state = two.state
    assert [r.provenance.model_id for r in state.results_here] == ["lung-ct", "other"]
    assert len(state.results) == 3
    assert state.reviewed == (1, 4)
    assert state.decision_of("right").verdict is Verdict.ACCEPTED
    assert "right" not in {f.id for f in state.findings}
    assert state.result is state.results_here[0]


def test_that_a_result_that_comes_leaves_the_chosen_finding_of_another_model_alone(session: Session) -> None:
    session.add_result(mine(), session.start_analysis(FIRST, "lung-ct"))
    session.select_finding("right")
    session.add_result(other(), session.start_analysis(FIRST, "other"))
    assert session.state.selected_finding == "right"
    session.add_result(mine(), session.start_analysis(FIRST, "lung-ct"))
    assert session.state.selected_finding is None


def test_that_one_undo_goes_back_over_the_findings_of_both(two: Session) -> None:
    two.accept("right")
    two.reject("lungs", "too wide")
    assert two.undo()
    assert [two.state.decision_of(i).verdict for i in ("right", "lungs")] == [
        Verdict.ACCEPTED,
        Verdict.PENDING,
    ]
    assert two.undo()
    assert two.state.reviewed == (0, 4)
    assert two.redo()
    assert two.redo()
    assert two.state.decision_of("lungs").reason == "too wide"


def test_that_a_failed_run_of_one_model_hides_nothing_of_the_other(session: Session) -> None:
    session.add_result(mine(), session.start_analysis(FIRST, "lung-ct"))
    session.add_result(other(ResultState.FAILED), session.start_analysis(FIRST, "other"))
    assert len(session.state.findings) == 3
    assert [r.state for r in session.state.results_here] == [ResultState.FINDINGS, ResultState.FAILED]


def test_that_another_series_has_results_of_its_own(two: Session) -> None:
    two.show(SECOND)
    assert (two.state.results_here, two.state.findings, two.state.result) == ((), (), None)
    two.show(FIRST)
    assert len(two.state.results_here) == 2


def test_that_a_run_says_its_place_among_those_asked_for(session: Session) -> None:
    session.start_analysis(FIRST, "other", "Lungs by others", (2, 3))
    run = session.state.run
    assert run is not None
    assert (run.title, run.step, run.steps) == ("Lungs by others", 2, 3)


# --- second opinion ----------------------------------------------------------------------------------------


def test_that_a_difference_is_drawn_only_of_results_that_count(two: Session) -> None:
    ear = Ear(two)
    found = opinion(two)
    two.show_difference(found)
    assert two.state.difference is found
    assert ear.heard == [Change.OPINION, Change.OPINION]
    two.add_result(other(), two.start_analysis(FIRST, "other"))
    assert two.state.difference is None
    assert two.state.opinions_here == ()
    with pytest.raises(UsageError):
        two.show_difference(found)


def test_that_leaving_the_series_ends_the_drawing_and_coming_back_finds_the_comparison(two: Session) -> None:
    found = opinion(two)
    two.show_difference(found)
    two.show(SECOND)
    assert (two.state.difference, two.state.opinions_here) == (None, ())
    two.show(FIRST)
    assert (two.state.difference, two.state.opinions_here) == (None, (found,))


def test_that_comparing_again_does_not_list_it_twice(two: Session) -> None:
    opinion(two)
    again = opinion(two)
    assert two.state.opinions_here == (again,)


def test_that_comparisons_of_earlier_runs_are_let_go(two: Session) -> None:
    stale = opinion(two)
    two.add_result(other(), two.start_analysis(FIRST, "other"))
    again = opinion(two)
    assert stale not in two.state.opinions
    assert two.state.opinions == (again,)


def test_that_undo_leaves_the_drawing_alone(two: Session) -> None:
    found = opinion(two)
    two.accept("right")
    two.show_difference(found)
    two.hide_model("other", True)
    two.undo()
    assert two.state.difference is found
    assert two.state.hidden_models == {"other"}
    two.hide_model("other", False)
    assert two.state.hidden_models == frozenset()


def test_the_words_of_a_comparison(two: Session) -> None:
    """Two lungs of 12 columns against one mask 2 columns wider: 24 of 26, one voxel being 3.2 µL."""
    found = opinion(two)
    assert opinion_words.dice(found) == "Dice 0.96"
    assert opinion_words.legend(found) == ("A only: lung-ct 1.0.0", "B only: other 7")
    assert opinion_words.size(found.first) == "7.4\u2009mL"
    assert opinion_words.difference(found) == ("0.61\u2009mL", "8.0\u2009%")
    assert opinion_words.line(found) == (
        "Lungs. Lungs on chest CT 1.0.0 (right lung and left lung together): 7.4\u2009mL; Lungs by others 7: "
        "8.0\u2009mL; they differ by 0.61\u2009mL (8.0\u2009% of their mean), Dice 0.96, "
        "most on images 2, 4 and 6. Neither is taken for right."
    )


# --- the report --------------------------------------------------------------------------------------------


def report(session: Session) -> Report:
    session.set_volume(FIRST, make_volume())
    return build(session.state, now=NOW, app_version="0.1.0")


def test_that_the_report_lists_each_model_with_its_own_findings(two: Session) -> None:
    two.accept("right")
    two.accept("lungs")
    made = report(two)
    assert [(g.title, g.said, [r.finding_id for r in g.rows]) for g in made.groups] == [
        ("Lungs on chest CT 1.0.0", "CPU, 4.2\u2009s", ["laa", "right", "left"]),
        ("Lungs by others 7", "CPU, 9.5\u2009s", ["lungs"]),
    ]
    assert [row.model for row in made.rows] == ["lung-ct 1.0.0"] * 3 + ["other 7"]
    assert [s.text for s in made.sentences] == [
        "Right lung 2,643 mL (lung-ct 1.0.0).",
        "Lungs, right and left as one: volume 4,900 mL (other 7).",
    ]
    told = {fact.label: fact.value for fact in made.made}
    assert told["Model 1"].startswith("Lungs on chest CT: lung-ct 1.0.0")
    assert told["Model 2"].startswith("Lungs by others: other 7")
    assert len({fact.label for fact in made.made}) == len(made.made)
    assert made.progress == "2 of 4 findings reviewed"
    assert [c.structure for c in made.comparisons] == ["Lungs"]


def test_that_each_figure_shows_the_outlines_of_one_model(two: Session) -> None:
    made = report(two)
    by = [f.caption.rpartition("Outlined by ")[2] for f in made.figures]
    names = [{line.name for line in f.legend} for f in made.figures]
    assert set(by) == {"lung-ct 1.0.0.", "other 7."}
    assert all(
        n == ({"lungs"} if b == "other 7." else {"right lung", "left lung"})
        for b, n in zip(by, names, strict=True)
    )


def test_that_an_image_the_reader_marked_shows_all_outlines_and_says_whose(two: Session) -> None:
    two.scroll(3)
    two.toggle_key_image()
    marked = report(two).figures[-1]
    assert marked.caption.endswith("Outlined by lung-ct 1.0.0 and other 7.")
    assert {line.name for line in marked.legend} == {
        "right lung, lung-ct 1.0.0", "left lung, lung-ct 1.0.0", "lungs, other 7",
    }  # fmt: skip


def test_that_a_model_without_findings_is_named_with_its_end_and_its_reason(session: Session) -> None:
    session.add_result(mine(), session.start_analysis(FIRST, "lung-ct"))
    why = Notice("X", "The reason, in a sentence.")
    session.add_result(other(ResultState.FAILED, reasons=(why,)), session.start_analysis(FIRST, "other"))
    made = report(session)
    assert (made.groups[1].said, made.groups[1].rows) == ("failed, no result, CPU, 9.5\u2009s", ())
    assert "Lungs by others 7: The reason, in a sentence." in made.notices
    assert any(n.startswith("Lungs by others 7: The analysis failed.") for n in made.notices)
    assert not any(n.startswith("Lungs on chest CT") for n in made.notices)
    text = " ".join(pages(made)[0].split())
    assert "Lungs by others 7 failed, no result" in text


def test_that_pdf_html_and_json_say_the_same_of_both(two: Session) -> None:
    made = report(two)
    printed = " ".join(" ".join(pages(made)).split())
    page = html_text(made)
    for words in ("Lungs by others 7", "Second opinion", "Dice 0.96", "Neither is taken for right."):
        assert words in printed
        assert words in page
    data = json.loads(json.dumps(report_dict(made), allow_nan=False))
    assert [r["model"]["id"] for r in data["results"]] == ["lung-ct", "other"]
    assert data["result"] == data["results"][1]
    (told,) = data["second_opinions"]
    assert (told["structure"], told["first"]["voxels"], told["second"]["voxels"]) == ("Lungs", 2304, 2496)
    assert told["dice"] == pytest.approx(2 * 2304 / 4800)
    assert told["first"]["parts"] == ["Right lung", "Left lung"]


def test_that_one_model_alone_is_reported_as_ever(session: Session) -> None:
    session.add_result(mine(), session.start_analysis(FIRST, "lung-ct"))
    session.accept("right")
    made = report(session)
    assert [g.title for g in made.groups] == [""]
    assert made.comparisons == ()
    assert [s.text for s in made.sentences] == ["Right lung 2,643 mL."]
    assert "Model" in {fact.label for fact in made.made}
    assert "Second opinion" not in html_text(made)
    assert pdf_bytes(made).startswith(b"%PDF")
