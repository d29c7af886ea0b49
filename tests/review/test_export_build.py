"""The facts that leave a session: every number as it was shown, and nothing of anybody else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medviewer.ai.findings import Notice, ResultState
from medviewer.errors import UsageError
from medviewer.imaging.numbers import number, plus_minus
from medviewer.review import figures
from medviewer.review.export_build import facts_of, read_figures, subject_of
from medviewer.review.export_facts import Figure
from medviewer.review.state import State, Verdict
from tests.review.exports import LENGTH, facts, measurement, worked
from tests.review.makers import NOW, make_result, make_volume


def test_that_findings_come_with_their_model_and_decision() -> None:
    found = {f.id: f for f in facts(worked()).found}
    assert [found[k].judged.verdict for k in ("laa", "right", "left")] == [
        Verdict.PENDING,
        Verdict.ACCEPTED,
        Verdict.REJECTED,
    ]
    assert found["left"].judged.reason == "a pleural effusion, not lung"
    assert (found["right"].made.id, found["right"].made.version) == ("lung-ct", "1.0.0")
    assert found["right"].figures == (Figure("volume", 2643.4, "mL", 0, 2611, 2675),)
    assert found["right"].place.sop_uid == "1.2.3.1.2"
    assert found["right"].place.image == 3


def test_that_a_measurement_tells_the_number_on_the_screen() -> None:
    """The text of a figure drawn on real geometry, taken apart again."""
    volume = make_volume()
    view = figures.PlaneView.of(volume)
    points = figures.from_voxels(view, LENGTH)
    for kind, unit in (("length", "mm"), ("angle", "°"), ("ellipse", "mm²")):
        drawn = points if kind == "length" else ((20.0, 20.0), (24.0, 20.0), (20.0, 26.0))
        text = figures.figure(kind, drawn, volume, view, 2)
        found = read_figures(kind, text)
        assert [f.unit for f in found] == ([unit] if kind != "ellipse" else ["HU", "HU", unit])
        assert all(f.text(f.value).lstrip("-") in text.replace(",", "") for f in found)


@given(
    st.floats(-1e7, 1e7),
    st.floats(0, 1e6),
    st.integers(0, 3),
    st.sampled_from(["mm", "mm at detector", "px", "HU", ""]),
)
def test_that_every_number_comes_back_as_it_was_written(
    value: float, spread: float, decimals: int, unit: str
) -> None:
    (plain,) = read_figures("length", number(value, unit, decimals))
    assert plain.value == pytest.approx(round(value, decimals), abs=10**-decimals / 1.9)
    assert (plain.unit, plain.decimals, plain.name) == (unit, decimals, "Length")
    mean, deviation = read_figures("ellipse", plus_minus(value, spread, unit, decimals))
    assert (mean.value, deviation.name) == (plain.value, "Standard deviation")
    assert deviation.unit == unit


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("angle", "12.5° (in pixels)", [("Angle", 12.5, "° (in pixels)", "deg")]),
        ("length", "23.4\u2009mm at detector", [("Length", 23.4, "mm at detector", "mm")]),
        ("length", "120.5\u2009px", [("Length", 120.5, "px", "{pixels}")]),
        ("length", "not measured across regions", []),
        ("angle", "", []),
        (
            "ellipse",
            "\u2014\u2009±\u2009\u2014 · 2.25\u2009cm² at detector",
            [
                ("Mean", None, "", "1"),
                ("Standard deviation", None, "", "1"),
                ("Area", 2.25, "cm² at detector", "cm2"),
            ],
        ),
    ],
)
def test_that_units_keep_what_is_said_of_them(kind: str, text: str, told: list[tuple[object, ...]]) -> None:
    assert [(f.name, f.value, f.unit, f.ucum) for f in read_figures(kind, text)] == told


def test_that_a_run_without_findings_is_told() -> None:
    session = worked()
    failed = make_result(ResultState.NOT_SUITABLE, reasons=(Notice("THICK", "The slices are too thick."),))
    told = facts_of(session.state, [failed], NOW)
    assert [run.text for run in told.runs] == ["lung-ct 1.0.0: not suitable. The slices are too thick."]
    assert told.found == ()


def test_that_nothing_of_another_patient_or_study_leaves() -> None:
    session = worked()
    for wrong in (make_result(patient_key="P2"), make_result(series_key="9.9.9")):
        with pytest.raises(UsageError, match="another patient"):
            facts_of(session.state, [wrong], NOW)
    session.add_measurement(measurement("length", "1.0\u2009mm", LENGTH, series_key="9.9.9"))
    assert len(facts(session).measured) == 4
    with pytest.raises(UsageError, match="no study"):
        facts_of(State(), [], NOW)


def test_that_the_facts_hold_no_patient() -> None:
    session = worked()
    patient = session.state.patient
    assert patient is not None
    told = repr(facts(session))
    assert "Doe" not in told
    assert "ID-77" not in told
    subject = subject_of(patient)
    assert (subject.id, subject.name, subject.birth_date) == ("ID-77", "Doe^Jane", "19490101")


def test_that_a_drawing_on_another_plane_names_an_image_only_where_it_lies_on_one() -> None:
    session = worked()
    session.add_measurement(measurement("length", "1.0\u2009mm", LENGTH, plane="coronal", index=7))
    across = ((0.5, 3.0, 4.0), (5.0, 3.0, 4.0))
    session.add_measurement(measurement("length", "1.0\u2009mm", across, plane="coronal", index=7))
    on_one, on_many = facts(session).measured[-2:]
    assert on_one.place.sop_uid == "1.2.3.1.2"
    assert (on_many.place.sop_uid, on_many.place.series_uid) == ("", "1.2.3.1")


def test_that_what_is_no_number_stays_none() -> None:
    session = worked()
    result = session.state.result
    assert result is not None
    first = replace(result.findings[0].measurements[0], value=float("nan"), range=(float("nan"), 1.0))
    finding = replace(result.findings[0], measurements=(first,), score=float("inf"))
    told = facts_of(session.state, [replace(result, findings=(finding,))], NOW).found[0]
    assert (told.score, told.figures[0].value, told.figures[0].low) == (None, None, None)
