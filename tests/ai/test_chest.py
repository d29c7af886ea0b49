"""The cardiothoracic ratio: exact on boxes, drawn as two lines, judged only where its threshold holds."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.ai.catalog import Bundle
from medviewer.ai.chest import judgement, verdict
from medviewer.ai.findings import Finding
from medviewer.ai.runner import analyze
from medviewer.ai.widths import heart_size, heart_width, thorax_width
from medviewer.tasks import TaskContext
from tests.ai.pictures import asked, picture, stack, x_ray


def heart_of(
    bundle: Bundle,
    view: str = "PA",
    age: str = "050Y",
    mm: float | None = None,
    heart: tuple[int, int] = (30, 52),
) -> Finding:
    volume = stack(picture(heart=heart), mm=mm)
    result = analyze(asked(bundle, x_ray(view=view), volume, patient_age=age), TaskContext())
    return result.findings[0]


def test_the_ratio_of_boxes_is_exact_and_drawn_as_two_horizontal_lines(chest: Bundle) -> None:
    finding = heart_of(chest)
    assert finding.label == "Heart normal"
    assert finding.measurements[0].value == pytest.approx(22 / 60)
    heart, thorax = finding.lines
    assert (heart.start[2], heart.end[2]) == (30.0, 52.0)
    assert (thorax.start[2], thorax.end[2]) == (10.0, 70.0)
    assert heart.start[1] == heart.end[1] == 60.0
    assert thorax.start[1] == thorax.end[1]
    assert 20 < thorax.start[1] < 70
    assert heart.start[0] == thorax.end[0] == 0


def test_widths_are_in_millimetres_only_with_what_they_are(chest: Bundle) -> None:
    pixels = heart_of(chest).measurements[1]
    assert (pixels.value, pixels.unit) == (22, "px")
    scaled = heart_of(chest, mm=0.5).measurements[1]
    assert (scaled.value, scaled.unit) == (11.0, "mm at detector")


@pytest.mark.parametrize(
    ("view", "age", "said"),
    [
        ("PA", "050Y", "heart normal"),
        ("AP", "050Y", "AP: magnified, not for the ratio's threshold"),
        ("", "050Y", "iew unknown"),
        ("PA", "004Y", "Child: other limits hold, not judged"),
    ],
)
def test_the_threshold_is_for_adults_on_a_pa_view(chest: Bundle, view: str, age: str, said: str) -> None:
    finding = heart_of(chest, view, age)
    assert said in finding.sentence
    judged = said == "heart normal"
    assert (finding.threshold is not None) == judged
    assert (finding.measurements[0].indicative == "") == judged
    assert judged == ("normal" in finding.sentence)
    assert finding.label == ("Heart normal" if judged else "Heart size")


def test_a_wide_heart_is_called_enlarged(chest: Bundle) -> None:
    assert "heart enlarged (above 0.50)" in heart_of(chest, heart=(22, 56)).sentence


def test_an_unknown_age_is_said_beside_the_verdict() -> None:
    assert judgement("PA", "").warnings[0].code == "AGE_UNKNOWN"
    assert not judgement("PA", "").indicative


def test_a_range_over_the_limit_is_borderline() -> None:
    pa = judgement("PA", "050Y")
    assert "borderline" in verdict(0.49, (0.48, 0.51), pa)
    assert "borderline" not in verdict(0.49, (0.48, 0.50), pa)
    assert "enlarged" in verdict(0.51, None, pa)


def test_the_heart_is_as_wide_as_its_outermost_columns_on_any_rows() -> None:
    heart = np.zeros((20, 20), bool)
    heart[5, 4:8] = True
    heart[15, 7:13] = True
    width = heart_width(heart)
    assert width is not None
    assert (width.left, width.right, width.row) == (4, 13, 15.5)


def test_the_thorax_is_measured_on_one_row_that_holds_both_lungs() -> None:
    right, left = np.zeros((20, 30), bool), np.zeros((20, 30), bool)
    right[2:4, 0:5] = True
    right[8:12, 3:9] = True
    left[8:12, 18:25] = True
    left[14:16, 18:29] = True
    width = thorax_width(right, left)
    assert width is not None
    assert (width.left, width.right) == (3, 25)
    assert heart_size(right, np.zeros_like(left), right) is None
