"""The report as a value: what it says, and what it must not leave out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from medviewer.ai.findings import Finding, Measurement, Notice, ResultState
from medviewer.dicom.study import SeriesIssue
from medviewer.errors import UsageError
from medviewer.imaging.colour_map import COLOUR_MAPS
from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Volume
from medviewer.imaging.window import Window
from medviewer.review import report_words as words
from medviewer.review.report import Report, build, suggest_name
from medviewer.review.report_model import Line
from medviewer.review.session import Session
from medviewer.review.state import KeyImage, ReaderMeasurement, State, Verdict
from tests.review.makers import (
    NOW,
    SHAPE,
    clock,
    make_findings,
    make_result,
    make_scan,
    make_series,
    make_volume,
    provenance,
)

KEY = "1.2.3.1"


def session(result: object = None, **series: object) -> Session:
    session = Session("reader01", clock=clock)
    session.open(make_scan(make_series(**series)))  # type: ignore[arg-type]
    session.show(KEY)
    session.set_volume(KEY, make_volume())
    if result is not None:
        assert session.add_result(result, session.start_analysis(KEY, "lung-ct"))  # type: ignore[arg-type]
    return session


def report(state: State) -> Report:
    return build(state, now=NOW, app_version="0.1.0")


def facts(report: Report) -> dict[str, str]:
    return {f.label: f.value for f in (*report.patient, *report.technique, *report.made)}


def test_that_the_head_says_what_whose_and_how_it_was_made() -> None:
    made = report(session(make_result()).state)
    assert made.title == "CT Chest: analysis report"
    assert made.subtitle == "Study of 4 April 2007, series 2, 8 images, 5.0\u2009mm"
    told = facts(made)
    assert told["Patient"] == "Doe, Jane (58\u2009y, M)"
    assert told["Patient ID"] == "ID-77"
    assert told["Accession"] == "none given"
    assert told["Scanner"] == "Philips Brilliance 16, kernel B"
    assert told["Tube voltage"] == "120\u2009kV"
    assert told["Thickness"] == "5.0\u2009mm"
    assert told["Images"] == "8 of 48 × 40"


def test_that_only_accepted_findings_become_text_and_the_rest_says_what_became_of_it() -> None:
    one = session(make_result())
    one.accept("laa")
    one.reject("right", "breathing artefact")
    made = report(one.state)
    assert [s.text for s in made.sentences] == [make_findings()[0].sentence]
    assert [r.decision for r in made.rows] == ["accepted", "rejected", "not reviewed"]
    assert made.rows[1].reason == "breathing artefact"
    assert made.rows[1].decided == "reader01, 21 November 2026, 10:14"
    assert made.status == "Draft, not signed"
    assert made.progress == "2 of 3 findings reviewed"
    assert "1 finding was not reviewed: the machine's word only, not part of the text." in made.notices
    assert facts(made)["Reviewed by"] == "reader01, 21 November 2026, 10:14"


def test_that_the_impression_is_the_readers_own_words() -> None:
    one = session(make_result())
    one.set_impression("  Own words. ")
    made = report(one.state)
    assert (made.impression, made.sentences) == ("Own words.", ())


def test_that_images_count_from_one_and_numbers_carry_unit_range_and_criterion() -> None:
    rows = report(session(make_result()).state).rows
    assert (rows[0].key_image, rows[0].images) == ("4", "2–7")
    line = rows[0].first
    assert (line.value, line.criterion) == (
        "9.6\u2009%",
        "8.8 to 10.3\u2009%; above 6 % of lung below −950 HU",
    )
    assert rows[1].first.value == "2,643\u2009mL"
    perc = rows[2].lines[1]
    assert rows[2].first.value == "2,204\u2009mL"
    assert [line.name for line in rows[2].below] == ["Perc15"]
    assert (perc.value, perc.indicative) == ("−921\u2009HU", "indicative: kernel B, 5 mm")
    assert rows[2].notes == ("The left lung is cut by the edge of the images.",)


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (ResultState.NOT_SUITABLE, "does not suit the model"),
        (ResultState.FAILED, "failed"),
        (ResultState.PARTIAL, "5 of 8 images"),
        (ResultState.NOTHING_FOUND, "found nothing"),
    ],
)
def test_that_every_other_state_says_itself_and_why(state: ResultState, word: str) -> None:
    why = Notice("X", "The reason, in a sentence.")
    made = report(session(make_result(state, reasons=(why,), complete_slices=5)).state)
    assert word in " ".join(made.notices)
    assert why.text in made.notices
    assert made.rows == ()
    assert made.progress == ""


def test_that_a_scan_not_analysed_says_so() -> None:
    made = report(session().state)
    assert made.title == "CT Chest: report"
    assert "No analysis was run" in made.notices[0]
    assert facts(made)["Model"] == "none was run"
    assert made.no_figures == ""


def test_that_a_forced_run_and_series_issues_are_marked() -> None:
    forced = make_result(provenance=provenance(forced=True))
    made = report(session(forced, issues=frozenset({SeriesIssue.MISSING_SLICES})).state)
    assert any("although this scan does not suit it" in n for n in made.notices)
    assert any("Slices are missing" in n for n in made.notices)


def test_that_checks_passed_is_said_only_of_a_run_that_took_place() -> None:
    plain = tuple(replace(f, warnings=()) for f in make_findings())
    assert facts(report(session(make_result(findings=plain)).state))["Checks after"] == "passed"
    assert "cut by the edge" in facts(report(session(make_result()).state))["Checks after"]
    assert "Checks after" not in facts(report(session(make_result(ResultState.FAILED)).state))


def test_that_seen_images_are_counted_honestly() -> None:
    one = session(make_result())
    assert facts(report(one.state))["Images seen"].startswith("0\u2009%")
    for index in range(SHAPE[0] - 1):
        one.mark_seen(index)
    assert facts(report(one.state))["Images seen"].startswith("88\u2009%")


def test_that_a_score_without_threshold_is_no_verdict() -> None:
    scored = Finding("s", "Nodule", "Nodule.", score=0.871, score_meaning="calibrated probability")
    assert words.score_note(scored) == (
        "Score 0.87 (calibrated probability); the model sets no threshold, so this is no verdict."
    )
    assert words.score_note(replace(scored, threshold=0.5)).endswith("threshold 0.50.")
    assert words.score_note(make_findings()[0]) == ""


def test_that_figures_show_each_standing_finding_once_and_a_plane_across() -> None:
    one = session(make_result())
    one.reject("laa", "no")
    made = report(one.state)
    assert [f.number for f in made.figures] == [1, 2]
    axial, coronal = made.figures
    assert axial.finding_ids == ("right", "left")
    assert axial.caption == "Axial, image 3 of 8, window 1500/−600. Outlined by lung-ct 1.0.0."
    assert coronal.caption.startswith("Coronal plane through the middle of the outlined regions")
    assert [(x.name, x.words) for x in axial.legend] == [
        ("right lung", "blue, rising lines"),
        ("left lung", "orange, falling lines"),
    ]
    assert made.rows[0].figure is None
    assert made.rows[1].figure == 1
    assert axial.aspect == pytest.approx(48 / 40, abs=0.01)
    assert coronal.aspect == pytest.approx(48 * 0.8 / (8 * 5), abs=0.01)


def test_that_the_overlay_lies_on_the_patients_right_at_the_left_of_the_picture() -> None:
    rgb = report(session(make_result()).state).figures[0].rgb.astype(int)
    rows, columns = rgb.shape[:2]
    blue = rgb[..., 2] - rgb[..., 0]
    middle = slice(rows // 3, rows // 2)
    assert blue[middle, columns * 10 // 48].mean() > 20
    assert blue[middle, columns * 34 // 48].mean() < -20


def test_that_key_images_and_measurements_of_the_reader_are_in_it() -> None:
    one = session(make_result())
    one.scroll(6)
    one.add_key_image()
    one.add_key_image(KeyImage(KEY, Plane.CORONAL, 20, None, "odd vessel."))
    one.add_key_image(KeyImage(KEY, Plane.CORONAL, 999, None))
    points = ((6.0, 1.0, 1.0), (6.0, 5.0, 5.0))
    one.add_measurement(ReaderMeasurement("", "length", KEY, Plane.NATIVE, 6, points, "23.4\u2009mm"))
    made = report(one.state)
    captions = [f.caption for f in made.figures[-2:]]
    assert captions[0].startswith("Marked by the reader: image 7 of 8, window 1500/−600.")
    assert captions[1].startswith(
        "Marked by the reader: coronal plane 21 of 40, odd vessel, automatic window"
    )
    row = made.measurements[0]
    assert (row.kind, row.value, row.image) == ("length", "23.4\u2009mm", "series 2, image 7")
    assert row.by.startswith("reader01")


def test_that_images_without_geometry_get_a_picture_but_no_letters_scale_or_second_plane() -> None:
    one = session(geometry=None)
    flat = Volume(make_volume().voxels, None)
    one.set_volume(KEY, flat)
    masks = tuple(
        replace(f, mask=replace(f.mask, geometry=None) if f.mask else None) for f in make_findings()
    )
    one.add_result(make_result(findings=masks), one.start_analysis(KEY, "lung-ct"))
    made = report(one.state)
    assert all(f.caption.startswith("Image") for f in made.figures)
    assert "mm" not in made.subtitle


def test_that_colour_images_get_figures_too() -> None:
    one = session(unit="RGB")
    grey = np.repeat(make_volume().voxels.astype(np.uint8)[..., None], 3, axis=3)
    one.set_volume(KEY, Volume(grey, make_volume().geometry))
    one.add_key_image()
    assert report(one.state).figures[0].rgb.shape[2] == 3


def test_that_without_pixels_the_report_says_why_no_image_is_shown() -> None:
    one = session(make_result())
    made = report(replace(one.state, volume=None))
    assert made.figures == ()
    assert "not loaded" in made.no_figures


def test_that_building_changes_nothing_and_is_repeatable() -> None:
    one = session(make_result())
    state = one.state
    first, second = report(state), report(state)
    assert one.state is state
    assert state.decision_of("laa").verdict is Verdict.PENDING
    assert first.rows == second.rows
    assert all((a.rgb == b.rgb).all() for a, b in zip(first.figures, second.figures, strict=True))


def test_that_nothing_open_is_refused_and_a_file_name_holds_no_patient() -> None:
    with pytest.raises(UsageError):
        report(State())
    name = suggest_name(session().state, ".pdf", NOW)
    assert name == suggest_name(session().state, "pdf", NOW)
    assert name.startswith("medviewer-report-")
    assert name.endswith("-2026-11-21.pdf")
    assert not any(x in name for x in ("Doe", "ID-77", "1.2.3", "2007"))


@pytest.mark.parametrize(
    ("given", "told"), [("20070404", "4 April 2007"), ("20071399", "20071399"), ("", "unknown date")]
)
def test_that_dates_are_spoken_and_nonsense_is_not_invented_upon(given: str, told: str) -> None:
    assert words.long_date(given) == told


def test_that_long_identifiers_are_shortened_in_the_middle() -> None:
    assert words.short_uid("1.3.6.1.4.1.14519.5.2.1.6655.7990") == "1.3.6.1.4.1.14519…7990"
    assert words.short_hash("3f9c" + "0" * 58 + "a1") == "3f9c…a1"
    assert words.moment("some day") == "some day"


def test_that_one_number_leads_and_the_others_follow_in_one_line() -> None:
    """Shares of one whole have no leader: the rule alone stands beside the title."""
    bands = tuple(Measurement(f"Band {k}", share, "%") for k, share in enumerate((1.0, 80.0, 19.0)))
    reading = replace(make_findings()[0], label="Reading: normal", measurements=bands, criterion="Low: x.")
    lung = replace(make_findings()[2], criterion="Range: half a voxel.")
    first, second = report(session(make_result(findings=(reading, lung))).state).rows
    assert (first.first.value, first.first.criterion) == ("", "Low: x.")
    assert [line.name for line in first.below] == ["Band 0", "Band 1", "Band 2"]
    assert second.first.criterion == "2,170 to 2,238\u2009mL. Range: half a voxel."
    said = words.also(second.below, str, str)
    assert said == "Perc15 −921\u2009HU (indicative: kernel B, 5 mm)"


def test_that_a_key_image_has_its_colours_and_their_bar() -> None:
    one = session(make_result())
    one.set_window(Window(0.0, 2000.0, colours="hot_iron"))
    one.add_key_image()
    figure = build(one.state, now=NOW, app_version="0").figures[-1]
    assert "Hot iron" in figure.caption
    shown = {tuple(c) for c in figure.rgb.reshape(-1, 3).tolist()}
    assert sum(tuple(c) in shown for c in COLOUR_MAPS["hot_iron"].table.tolist()) > 200


def test_the_reason_for_grey_figures_is_said_once_a_finding() -> None:
    lines = tuple(Line(name, "1", "", why) for name, why in (("a", "indicative: x"), ("b", "indicative: x"),
                  ("c", ""), ("d", "indicative: y")))  # fmt: skip
    told = [line.indicative for line in words.said_once(lines)]
    assert told == ["indicative: x", "indicative", "", "indicative: y"]
