"""A measurement report says what its file says: every figure, every code, every region; damage is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from medviewer.dicom.objects.measured_report import MeasuredGroup, MeasuredReport, read_measured
from medviewer.dicom.objects.seg_file import ALL_FRAMES
from medviewer.errors import UnreadableImage
from medviewer.tasks import TaskContext
from tests.dicom.measured_reports import (
    AREA,
    DIAMETER,
    LENGTH,
    NODULE,
    code,
    figure,
    group,
    image,
    line,
    region,
    write_measured,
)
from tests.dicom.test_report_tree import content, write_report
from tests.dicom.test_walk import nested, with_inserted


def read(path: Path) -> MeasuredReport:
    report = read_measured(path)
    assert report is not None
    return report


def only(path: Path) -> MeasuredGroup:
    (found,) = read(path).groups
    return found


def test_that_what_has_a_place_of_its_own_is_lifted_out(tmp_path: Path) -> None:
    side = code(("Laterality", "272741003", "SCT"), ("Left", "7771000", "SCT"))
    found = only(
        write_measured(
            tmp_path / "sr.dcm",
            group(
                line("TEXT", ("Tracking Identifier", "112039", "DCM"), TextValue="N1"),
                line("UIDREF", ("Tracking Unique Identifier", "112040", "DCM"), UID="1.2.3.4"),
                code(*NODULE),
                code(("Finding Site", "G-C0E3", "SRT"), ("Lung", "T-28000", "SRT"), side),
                figure(
                    DIAMETER,
                    "-12.50",
                    "mm",
                    code(("Derivation", "121401", "DCM"), ("Mean", "R-00317", "SRT")),
                ),
                code(("Margin", "77", "99ME"), ("Spiculated", "88", "99ME")),
                image("1.2.9", frame=3),
                image("1.2.10", segment=2),
                line("TEXT", ("Algorithm Name", "111001", "DCM"), TextValue="Lungs"),
                line("TEXT", ("Algorithm Version", "111003", "DCM"), TextValue="1.2"),
            ),
        )
    )
    assert (found.title, found.tracking, found.tracking_uid) == ("Nodule, Lung (left)", "N1", "1.2.3.4")
    (measured,) = found.measured
    assert (measured.name, measured.text, measured.derived) == ("Diameter", "−12.50\u2009mm", ("Mean",))
    assert measured.value == -12.5
    assert found.said == (("Margin", "Spiculated"),)
    assert found.images == (("1.2.9", 2),)
    assert found.segments == (("1.2.10", 2),)
    assert found.maker == "Lungs 1.2"


def test_that_no_line_of_a_group_is_dropped(tmp_path: Path) -> None:
    """Whatever its code, also without one, also below another line."""
    below = code(("Certainty", "1", "99X"), ("Low", "2", "99X"))
    found = only(
        write_measured(
            tmp_path / "sr.dcm",
            group(
                line("TEXT", None, TextValue="Said without a name"),
                code(("Odd", "3", "99X"), ("Value", "4", "99X"), below),
                line(
                    "CONTAINER", ("Inner", "5", "99X"), line("DATE", ("Seen on", "6", "99X"), Date="20240103")
                ),
                line("COMPOSITE", ("Map", "7", "99X")),
            ),
        )
    )
    assert found.said == (
        ("Text", "Said without a name"),
        ("Odd", "Value"),
        ("Odd, Certainty", "Low"),
        ("Inner, Seen on", "2024-01-03"),
        ("Map", "another object"),
    )


def test_that_observers_flags_and_evaluations_of_the_whole_report_are_told(tmp_path: Path) -> None:
    top = (
        code(("Observer Type", "121005", "DCM"), ("Person", "121006", "DCM")),
        line("PNAME", ("Person Observer Name", "121008", "DCM"), PersonName="Doe^Jane"),
        code(("Observer Type", "121005", "DCM"), ("Device", "121007", "DCM")),
        line("TEXT", ("Device Observer Name", "121013", "DCM"), TextValue="CAD 3"),
        line(
            "CONTAINER",
            ("Qualitative Evaluations", "C0034375", "UMLS"),
            code(NODULE[0], ("Normal", "1", "SCT")),
        ),
    )
    report = read(write_measured(tmp_path / "sr.dcm", group(code(*NODULE)), top=top))
    assert report.observers == ("Doe, Jane", "device CAD 3")
    assert report.flags == "complete, not verified"
    assert [g.title for g in report.groups] == ["Normal", "Nodule"]


@pytest.mark.parametrize(
    ("digits", "text"), [("NaN", "“NaN” is no number"), ("", "no value"), ("1e400", "“1e400” is no number")]
)
def test_that_a_figure_that_is_no_number_is_told_as_such(tmp_path: Path, digits: str, text: str) -> None:
    (measured,) = only(write_measured(tmp_path / "sr.dcm", group(figure(LENGTH, digits, "mm")))).measured
    assert (measured.value, measured.text) == (None, text)


def test_that_a_unit_of_another_scheme_is_its_own_word(tmp_path: Path) -> None:
    path = write_measured(tmp_path / "sr.dcm", group(figure(LENGTH, "3", "mm", scheme="99OURS")))
    (measured,) = only(path).measured
    assert (measured.text, measured.unit) == ("3\u2009mm", "")


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        ("CIRCLE", [[1, 1]]),
        ("CIRCLE", [[1, 1], [1, 1]]),
        ("ELLIPSE", [[0, 0], [4, 0], [9, 9], [9, 10]]),
        ("ELLIPSE", [[0, 2], [4, 2], [2, 2], [2, 2]]),
        ("POLYLINE", [[1, 1]]),
        ("POLYLINE", [[1, 1], [float("nan"), 2]]),
        ("POLYLINE", [[1, 1], [1e30, 2]]),
        ("SPIRAL", [[1, 1], [2, 2]]),
    ],
)
def test_that_numbers_that_make_no_region_make_none(
    tmp_path: Path, kind: str, points: list[list[float]]
) -> None:
    found = only(write_measured(tmp_path / "sr.dcm", group(code(*NODULE), region(kind, points, "1.2.9"))))
    assert (found.regions, found.unusable) == ((), 1)


def test_that_a_region_without_an_image_or_a_frame_of_reference_is_none(tmp_path: Path) -> None:
    found = only(write_measured(tmp_path / "sr.dcm", group(code(*NODULE), region("POINT", [[1, 1]]))))
    assert (found.regions, found.unusable) == ((), 1)


def test_that_outlines_go_through_their_points(tmp_path: Path) -> None:
    """A circle by centre and edge, an ellipse by the ends of its axes, turned."""
    circle = region("CIRCLE", [[10, 20], [13, 24]], "1.2.9")
    ellipse = region("ELLIPSE", [[0, 0], [6, 8], [-1, 7], [7, 1]], "1.2.9")
    first, second = only(write_measured(tmp_path / "sr.dcm", group(circle, ellipse))).regions
    np.testing.assert_allclose(np.hypot(*(first.outline() - [10, 20]).T), 5, atol=1e-9)
    turned = (second.outline() - [3, 4]) @ np.array([[0.6, -0.8], [0.8, 0.6]])
    np.testing.assert_allclose((turned**2 / np.array([5.0, 5.0]) ** 2).sum(axis=1), 1, atol=1e-9)
    assert first.closed
    assert first.image == ("1.2.9", ALL_FRAMES)


def test_that_a_report_of_another_kind_is_none(tmp_path: Path) -> None:
    assert read_measured(write_report(tmp_path / "sr.dcm", content("TEXT", "Said", TextValue="x"))) is None


def test_that_one_nested_without_end_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = write_measured(tmp_path / "sr.dcm", group(code(*NODULE)))
    with_inserted(path, nested(3000))
    with pytest.raises(UnreadableImage):
        read_measured(path)


def test_that_a_sequence_that_is_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """A flipped bit in the name of its type: the parser meets it only when the sequence is asked for."""
    path = write_measured(tmp_path / "sr.dcm", group(code(*NODULE)))
    data = path.read_bytes()
    concept = b"\x40\x00\x43\xa0SQ"
    at = data.rindex(concept)
    path.write_bytes(data[: at + 4] + b"FQ" + data[at + 6 :])
    with pytest.raises(UnreadableImage, match="damaged"):
        read_measured(path)


def test_that_groups_may_be_stopped(tmp_path: Path) -> None:
    """And that the images a report stands on are those of its groups, its library, its evidence, in turn."""
    library = line("CONTAINER", ("Image Library", "111028", "DCM"), image("1.2.7"))
    path = write_measured(tmp_path / "a.dcm", group(figure(AREA, "1", "mm2")), top=(library,))
    assert read(path).images == {"1.2.7"}
    named = write_measured(tmp_path / "b.dcm", group(image("1.2.8"), code(*NODULE)), top=(library,))
    assert read(named).images == {"1.2.8"}
    assert read_measured(named, TaskContext()) is not None


def test_the_reports_of_highdicom_and_dcmqi(shared_data: Path) -> None:
    """Against pydicom's own reading of every NUM item."""
    for name in (
        "dcmqi/sr-example/sr.dcm",
        "highdicom/sr_document.dcm",
        "highdicom/sr_document_with_multiple_groups.dcm",
    ):
        path = shared_data / "objects" / name
        report = read(path)
        told = [(str(v.NumericValue), v.MeasurementUnitsCodeSequence[0].CodeValue) for v in _figures(path)]
        ours = [(m.digits, m.unit) for g in report.groups for m in g.measured]
        assert ours == told
        assert not any(g.unusable for g in report.groups)


def _figures(path: Path) -> list[pydicom.Dataset]:
    def below(item: pydicom.Dataset, in_group: bool) -> list[pydicom.Dataset]:
        found = []
        for child in item.get("ContentSequence", ()):
            name = child.ConceptNameCodeSequence[0].CodeValue if "ConceptNameCodeSequence" in child else ""
            inside = in_group or name == "125007"
            if child.get("ValueType") == "NUM" and inside:
                found.append(child.MeasuredValueSequence[0])
            found += below(child, inside)
        return found

    return below(pydicom.dcmread(path), False)
