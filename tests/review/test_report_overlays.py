"""Measurement reports as overlays: on images of their own patient, exactly, with the figures of the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from medviewer.dicom.scan import scan
from medviewer.dicom.study import ScanResult, Series
from medviewer.errors import UnreadableImage
from medviewer.review.overlay_reading import Request
from medviewer.review.overlays import OverlayFile
from medviewer.review.report_overlays import read_object
from medviewer.review.waiting import ImagesNotOpen
from tests.dicom.foreign_makers import Drawn, write_seg_frames
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
from tests.factories import make_ct_series
from tests.review.test_overlays import INSIDE


def study(folder: Path, seed: int = 0, slices: int = 5) -> Series:
    """A series with pixels 0.8 mm high and 0.5 mm wide."""
    make_ct_series(folder / f"ct{seed}", slices=slices, seed=seed, spacing=(0.8, 0.5))
    return next(s for s in scan([folder]).all_series() if f"ct{seed}" in str(s.instances[0].path))


def laid(folder: Path) -> tuple[OverlayFile, ...]:
    found = scan([folder])
    return read_object(request(found))


def request(found: ScanResult) -> Request:
    report = next(o for o in found.objects if o.kind.code == "SR")
    return Request(report, "900 · Measured", found)


def of_group(folder: Path, *below: Dataset) -> OverlayFile:
    write_measured(folder / "sr.dcm", group(code(*NODULE), *below))
    (file,) = laid(folder)
    return file


# ---- places ---------------------------------------------------------------------------------------------


def test_that_points_of_an_image_are_drawn_on_it_exactly(tmp_path: Path) -> None:
    """0, 0 is the outer corner of the first pixel, in the file (PS3.3 C.18.6) and here."""
    series = study(tmp_path)
    corners = [[0, 0], [3.25, 0.5], [12, 16]]
    file = of_group(tmp_path, region("POLYLINE", corners, series.instances[3].sop_uid))
    (overlay,) = file.overlays
    assert (file.series_key, overlay.name, overlay.key_slice) == (series.key, "Nodule", 3)
    (line,) = overlay.lines[3]
    np.testing.assert_array_equal(line.points, np.array(corners, np.float32))
    assert not line.closed


def test_that_points_in_the_patient_lie_on_the_image_of_their_plane(tmp_path: Path) -> None:
    """By the geometry of the volume, whatever the number of the image."""
    series = study(tmp_path)
    assert series.geometry is not None
    voxels = [[2, 4, 3], [2, 4, 9], [2, 10, 9], [2, 4, 3]]
    places = series.geometry.position(voxels)
    shape = region("POLYGON", places, frame_uid=series.frame_of_reference_uid)
    (overlay,) = of_group(tmp_path, shape).overlays
    (line,) = overlay.lines[2]
    np.testing.assert_allclose(line.points, [[3.5, 4.5], [9.5, 4.5], [9.5, 10.5]], atol=1e-4)
    assert line.closed


def test_that_points_off_the_planes_are_not_drawn(tmp_path: Path) -> None:
    series = study(tmp_path)
    assert series.geometry is not None
    slanted = series.geometry.position([[1, 2, 2], [3, 2, 9]])
    frame = series.frame_of_reference_uid
    file = of_group(
        tmp_path, region("POLYLINE", slanted, frame_uid=frame), image(series.instances[0].sop_uid)
    )
    (overlay,) = file.overlays
    assert overlay.lines == {}
    assert overlay.key_slice == 0
    assert file.notices == ("1 region is not parallel to the images: not drawn.",)


def test_that_another_frame_of_reference_is_another_place(tmp_path: Path) -> None:
    series = study(tmp_path)
    assert series.geometry is not None
    places = series.geometry.position([[2, 4, 3], [2, 4, 9]])
    file = of_group(
        tmp_path, region("POLYLINE", places, frame_uid="1.2.3.4"), image(series.instances[0].sop_uid)
    )
    assert file.overlays[0].lines == {}


def test_that_points_outside_their_image_are_refused_openly(tmp_path: Path) -> None:
    series = study(tmp_path)
    file = of_group(tmp_path, region("POLYLINE", [[1, 1], [12.5, 2]], series.instances[3].sop_uid))
    assert file.overlays[0].is_empty
    assert file.notices == ("Not drawn: 1 region, outside their image.",)


def test_that_a_report_on_two_series_lies_on_both(tmp_path: Path) -> None:
    def same_study(ds: Dataset, k: int) -> None:
        ds.StudyInstanceUID = first.study_uid

    first = study(tmp_path)
    make_ct_series(tmp_path / "ct1", slices=5, seed=1, tweak=same_study)
    second = next(s for s in scan([tmp_path]).all_series() if s.key != first.key)
    shapes = [region("POINT", [[4, 4]], s.instances[k].sop_uid) for k, s in enumerate((first, second))]
    write_measured(tmp_path / "sr.dcm", *(group(code(*NODULE), shape) for shape in shapes))
    files = {file.series_key: file for file in laid(tmp_path)}
    assert set(files) == {first.key, second.key}
    assert [o.key_slice for o in files[first.key].overlays] == [0, None]
    assert [o.key_slice for o in files[second.key].overlays] == [None, 1]
    assert len({file.key for file in files.values()}) == 2
    assert len({file.object_key for file in files.values()}) == 1


@pytest.mark.parametrize(
    "fact", [{"PatientID": "T2"}, {"PatientName": "Else^Eva"}, {"PatientBirthDate": "19010101"}]
)
def test_that_another_patient_is_never_drawn_on(tmp_path: Path, fact: dict[str, str]) -> None:
    series = study(tmp_path)
    shape = region("POINT", [[4, 4]], series.instances[0].sop_uid)
    write_measured(tmp_path / "sr.dcm", group(shape), **fact)
    with pytest.raises(UnreadableImage, match="another patient"):
        laid(tmp_path)


def test_that_a_report_without_its_images_says_what_it_waits_for(tmp_path: Path) -> None:
    study(tmp_path)
    shape = region("POINT", [[4, 4]], "1.2.3.4")
    write_measured(tmp_path / "sr.dcm", group(shape))
    with pytest.raises(ImagesNotOpen, match="not open") as told:
        laid(tmp_path)
    assert told.value.references == {"1.2.3.4"}


def test_that_a_group_about_a_segment_brings_its_segmentation(tmp_path: Path) -> None:
    series = study(tmp_path)
    position = series.instances[2].position
    assert position is not None
    path = write_seg_frames(
        tmp_path / "seg.dcm", [Drawn(INSIDE, position, images=(series.instances[2].sop_uid,))]
    )
    uid = next(o.sop_uid for o in scan([path]).objects)
    write_measured(
        tmp_path / "sr.dcm", group(code(*NODULE), image(uid, segment=1)), group(image("9.9", segment=1))
    )
    report, seg = laid(tmp_path)
    assert (report.kind, seg.kind) == ("Structured report", "Segmentation")
    assert report.overlays[0].key_slice == seg.overlays[0].key_slice == 2
    assert report.overlays[0].target == (uid, 1)
    assert report.overlays[1].is_empty
    assert report.notices == ("A segmentation it refers to is not open.",)


# ---- figures --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "points", "told", "said"),
    [
        # 6 pixels across of 0.5 mm, 5 down of 0.8 mm: 5.0 mm
        ("POLYLINE", [[2, 3], [8, 8]], (LENGTH, "5.0", "mm"), "Length 5.0 mm"),
        ("POLYLINE", [[2, 3], [8, 8]], (LENGTH, "5.04", "mm"), "Length 5.04 mm"),
        ("POLYLINE", [[2, 3], [8, 8]], (LENGTH, "5.06", "mm"), "Length 5.06 mm | Its drawn points: 5.00 mm"),
        ("POLYLINE", [[2, 3], [8, 8]], (LENGTH, "0.5", "cm"), "Length 0.5 cm"),
        ("POLYLINE", [[2, 3], [8, 8]], (LENGTH, "5", "cm"), "Length 5 cm | Its drawn points: 0.5 cm"),
        ("POLYLINE", [[2, 3], [8, 8]], (LENGTH, "9", "deg"), "Length 9 °"),
        ("POLYLINE", [[2, 3], [8, 8], [2, 8]], (DIAMETER, "9", "mm"), "Diameter 9 mm"),
        (
            "POLYLINE", [[2, 2], [6, 2], [6, 7], [2, 7], [2, 2]], (AREA, "9.0", "mm2"),
            "Area 9.0 mm² | Its drawn points: 8.0 mm²",
        ),
        ("POLYLINE", [[2, 2], [6, 2], [6, 7], [2, 7], [2, 2]], (AREA, "8.0", "mm2"), "Area 8.0 mm²"),
        # along a row: 2 x 4 pixels of 0.5 mm
        ("CIRCLE", [[5, 5], [9, 5]], (DIAMETER, "5.0", "mm"), "Diameter 5.0 mm | Its drawn points: 4.0 mm"),
        ("CIRCLE", [[5, 5], [9, 5]], (LENGTH, "5.0", "mm"), "Length 5.0 mm"),
        ("POLYLINE", [[2, 3], [8, 8]], (LENGTH, "NaN", "mm"), "Length “NaN” is no number"),
    ],
)  # fmt: skip
def test_that_the_points_figure_stands_beside_the_files_where_they_differ(
    tmp_path: Path,
    kind: str,
    points: list[list[float]],
    told: tuple[tuple[str, str, str], str, str],
    said: str,
) -> None:
    series = study(tmp_path)
    file = of_group(tmp_path, region(kind, points, series.instances[1].sop_uid), figure(*told))
    assert " | ".join(file.overlays[0].figures).replace("\u2009", " ") == said


def test_that_a_figure_of_the_patients_millimetres_is_compared_too(tmp_path: Path) -> None:
    series = study(tmp_path)
    assert series.geometry is not None
    ends = series.geometry.position([[2, 3, 2], [2, 8, 8]])
    shape = region("POLYLINE", ends, frame_uid=series.frame_of_reference_uid)
    file = of_group(tmp_path, shape, figure(LENGTH, "7.0", "mm"))
    assert file.overlays[0].figures == ("Length 7.0\u2009mm", "Its drawn points: 5.0\u2009mm")


def test_the_report_of_highdicom_on_its_image(shared_data: Path) -> None:
    found = scan([shared_data / "objects" / "highdicom"])
    report = next(o for o in found.objects if o.path.name == "sr_document_with_multiple_groups.dcm")
    (file,) = read_object(Request(report, "SR", found))
    nodule = file.overlays[1]
    assert (nodule.name, nodule.maker, file.flags) == ("Nodule, Lung", "Doe, John", "partial, not verified")
    np.testing.assert_allclose(np.hypot(*(nodule.lines[0][0].points - [45, 55]).T), 10, atol=1e-5)
    # ten pixels of 0.661468 mm in either direction
    assert nodule.figures == ("Diameter 10.0\u2009mm", "Its drawn points: 13.2\u2009mm")


def test_that_our_own_result_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Segmentation and report of one run: names, decisions and figures equal, voxels the same."""
    from medviewer.dicom.evidence.seg_writer import segmentation
    from medviewer.dicom.evidence.sr_writer import report
    from medviewer.dicom.evidence.written_segments import segments_of
    from tests.dicom.evidence.makers import ALGORITHM, evidence_of, new_seg, new_sr, origin_of
    from tests.factories import save

    series = study(tmp_path)
    origin, evidence = origin_of(series), evidence_of(series)
    seg = segmentation(origin, series, evidence, new_seg())
    save(seg, tmp_path / "out" / "seg.dcm")
    save(report(origin, series, evidence, new_sr(), segments_of(seg)), tmp_path / "out" / "sr.dcm")
    sr_file, seg_file = laid(tmp_path)
    lung, heart, pneumonia = sr_file.overlays
    assert lung.maker == heart.maker == pneumonia.maker == f"{ALGORITHM.name} {ALGORITHM.version}"
    assert lung.figures[0] == "Volume 1234.5678\u2009mL"
    assert any("−812" in line and "Mean" in line and line.endswith("HU") for line in lung.figures)
    assert "Accepted" in " ".join(lung.said)
    assert "Not reviewed" in " ".join(heart.said) or "not reviewed" in " ".join(heart.said)
    assert any("0.125" in line for line in pneumonia.figures)
    assert lung.key_slice is not None
    assert pneumonia.key_slice == 0
    for region_, overlay in zip(evidence.regions, seg_file.overlays, strict=True):
        assert overlay.mask is not None
        for k in range(len(series.instances)):
            np.testing.assert_array_equal(overlay.mask.slice(k), region_.mask.slice(k))


def test_that_what_is_too_long_for_the_side_is_told(tmp_path: Path) -> None:
    series = study(tmp_path)
    shape = region("POINT", [[4, 4]], series.instances[0].sop_uid)
    words = line("TEXT", ("Comment", "121106", "DCM"), TextValue="x" * 5000)
    file = of_group(tmp_path, shape, words, *(figure(LENGTH, str(k), "mm") for k in range(130)))
    (overlay,) = file.overlays
    assert len(overlay.figures) == 101
    assert overlay.figures[-1] == "and 30 more in the report"
    assert len(overlay.said[0]) < 500
    assert overlay.said[0].endswith(" …")
