"""Every deliberate defect of a written object is found when it is read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from medviewer.dicom.evidence.capture import capture_objects
from medviewer.dicom.evidence.derived import Origin
from medviewer.dicom.evidence.document_object import Document, pdf_object
from medviewer.dicom.evidence.key_objects import key_object_selection
from medviewer.dicom.evidence.presentation_back import check_presentation
from medviewer.dicom.evidence.presentation_object import presentation_object
from medviewer.dicom.evidence.read_back import NotAsMeant, check_capture, check_keys, check_pdf
from tests.dicom.evidence.written import PDF, capture, ct_origin, keys, new, presentation, put, twisted

Check = Callable[[Path], None]
KINDS = ("capture", "keys", "pdf", "presentation")


def made(kind: str, origin: Origin, folder: Path) -> tuple[Path, Check]:
    """A sound object, and the check of it."""
    if kind == "capture":
        picture = capture(origin)
        path = put(capture_objects(origin, [picture], new())[0], folder)
        return path, lambda p: check_capture(p, origin, picture)
    if kind == "keys":
        path = put(key_object_selection(origin, keys(origin), new()), folder)
        return path, lambda p: check_keys(p, origin, keys(origin))
    if kind == "pdf":
        path = put(pdf_object(origin, Document(PDF, "Report"), new()), folder)
        return path, lambda p: check_pdf(p, origin, Document(PDF, "Report"))
    meant = presentation(origin)
    path = put(presentation_object(origin, meant, new()), folder)
    return path, lambda p: check_presentation(p, origin, meant)


def other_patient(ds: Dataset) -> None:
    ds.PatientID = "T2"


def other_name(ds: Dataset) -> None:
    ds.PatientName = "Test^Timo"


def other_birth_date(ds: Dataset) -> None:
    ds.PatientBirthDate = "19700102"


def other_study(ds: Dataset) -> None:
    ds.StudyInstanceUID = "1.2.3"


def other_kind(ds: Dataset) -> None:
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"


def other_identifier(ds: Dataset) -> None:
    ds.SOPInstanceUID = "1.2.3.4"


def no_longer_research(ds: Dataset) -> None:
    ds.ContentQualification = "PRODUCT"


def references(ds: Dataset) -> list[Dataset]:
    found = []
    ds.walk(lambda _, e: found.extend(e.value) if e.VR == "SQ" else None)
    return [item for item in found if "ReferencedSOPInstanceUID" in item]


def strange_image(ds: Dataset) -> None:
    references(ds)[-1].ReferencedSOPInstanceUID = "1.2.3.4.5"


def strange_class(ds: Dataset) -> None:
    references(ds)[-1].ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"


def strange_frame(ds: Dataset) -> None:
    references(ds)[0].ReferencedFrameNumber = 2


EVERYWHERE = [
    other_patient,
    other_name,
    other_birth_date,
    other_study,
    other_kind,
    other_identifier,
    no_longer_research,
    strange_image,
    strange_class,
    strange_frame,
]


@pytest.mark.parametrize("kind", KINDS)
def test_that_a_sound_object_passes(tmp_path: Path, kind: str) -> None:
    path, check = made(kind, ct_origin(tmp_path), tmp_path / "out")
    check(path)
    check(twisted(path, lambda ds: None))


@pytest.mark.parametrize("change", EVERYWHERE, ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_that_what_is_wrong_in_any_object_is_found(
    tmp_path: Path, kind: str, change: Callable[[Dataset], None]
) -> None:
    path, check = made(kind, ct_origin(tmp_path), tmp_path / "out")
    with pytest.raises(NotAsMeant):
        check(twisted(path, change))


@pytest.mark.parametrize("kind", KINDS)
def test_that_an_object_that_takes_the_place_of_an_image_is_found(tmp_path: Path, kind: str) -> None:
    origin = ct_origin(tmp_path)
    path, check = made(kind, origin, tmp_path / "out")

    def into_their_series(ds: Dataset) -> None:
        ds.SeriesInstanceUID = origin.images[0].series_uid

    with pytest.raises(NotAsMeant, match="place of an image"):
        check(twisted(path, into_their_series))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("left", [0.3, 0.6, 0.9])
def test_that_a_file_that_was_cut_is_found(tmp_path: Path, kind: str, left: float) -> None:
    path, check = made(kind, ct_origin(tmp_path), tmp_path / "out")
    data = path.read_bytes()
    path.write_bytes(data[: int(left * len(data))])
    with pytest.raises(NotAsMeant):
        check(path)


def one_pixel(ds: Dataset) -> None:
    ds.PixelData = bytes([ds.PixelData[0] ^ 1]) + ds.PixelData[1:]


def turned_pixels(ds: Dataset) -> None:
    ds.Rows, ds.Columns = ds.Columns, ds.Rows


def blue_for_red(ds: Dataset) -> None:
    ds.PhotometricInterpretation = "YBR_FULL"


def nothing_burned_in(ds: Dataset) -> None:
    ds.BurnedInAnnotation = "NO"


def no_sources(ds: Dataset) -> None:
    del ds.SourceImageSequence


def too_few_pixels(ds: Dataset) -> None:
    ds.PixelData = ds.PixelData[:-100]


def other_title(ds: Dataset) -> None:
    ds.ConceptNameCodeSequence[0].CodeValue = "113001"


def one_mark_less(ds: Dataset) -> None:
    del ds.ContentSequence[-1]


def marks_in_another_order(ds: Dataset) -> None:
    a, b = ds.ContentSequence[-2:]
    a.ReferencedSOPSequence, b.ReferencedSOPSequence = b.ReferencedSOPSequence, a.ReferencedSOPSequence


def less_evidence(ds: Dataset) -> None:
    del ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]


def evidence_of_another_study(ds: Dataset) -> None:
    ds.CurrentRequestedProcedureEvidenceSequence[0].StudyInstanceUID = "1.2.3"


def evidence_in_another_series(ds: Dataset) -> None:
    series = ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    series.SeriesInstanceUID = "1.2.3"


def truncated_pdf(ds: Dataset) -> None:
    ds.EncapsulatedDocument = ds.EncapsulatedDocument[:-10]


def truncated_pdf_of_the_told_length(ds: Dataset) -> None:
    ds.EncapsulatedDocument = ds.EncapsulatedDocument[:-10] + bytes(10)


def other_pdf(ds: Dataset) -> None:
    ds.EncapsulatedDocument = ds.EncapsulatedDocument.replace(b"obj", b"OBJ")


def other_mime(ds: Dataset) -> None:
    ds.MIMETypeOfEncapsulatedDocument = "text/plain"


def shifted_by_a_fiftieth(ds: Dataset) -> None:
    graphic = ds.GraphicAnnotationSequence[0].GraphicObjectSequence[0]
    graphic.GraphicData = [x + 0.02 for x in graphic.GraphicData]


def moved_text(ds: Dataset) -> None:
    ds.GraphicAnnotationSequence[0].TextObjectSequence[0].AnchorPoint = [1.0, 1.0]


def other_words(ds: Dataset) -> None:
    ds.GraphicAnnotationSequence[0].TextObjectSequence[0].UnformattedTextValue = "32.4 mm"


def one_drawing_less(ds: Dataset) -> None:
    del ds.GraphicAnnotationSequence[0].GraphicObjectSequence[-1]


def in_parts_of_the_display(ds: Dataset) -> None:
    for graphic in ds.GraphicAnnotationSequence[0].GraphicObjectSequence:
        graphic.GraphicAnnotationUnits = "DISPLAY"


def turned(ds: Dataset) -> None:
    ds.ImageRotation, ds.ImageHorizontalFlip = 90, "N"


def inverted(ds: Dataset) -> None:
    ds.PresentationLUTShape = "INVERSE"


def other_window(ds: Dataset) -> None:
    ds.SoftcopyVOILUTSequence[0].WindowCenter = 40


def other_rescale(ds: Dataset) -> None:
    ds.RescaleIntercept = -1000


OWN: dict[str, list[Callable[[Dataset], None]]] = {
    "capture": [one_pixel, turned_pixels, blue_for_red, nothing_burned_in, no_sources, too_few_pixels],
    "keys": [
        other_title,
        one_mark_less,
        marks_in_another_order,
        less_evidence,
        evidence_of_another_study,
        evidence_in_another_series,
    ],
    "pdf": [truncated_pdf, truncated_pdf_of_the_told_length, other_pdf, other_mime],
    "presentation": [
        shifted_by_a_fiftieth,
        moved_text,
        other_words,
        one_drawing_less,
        in_parts_of_the_display,
        turned,
        inverted,
        other_window,
        other_rescale,
    ],
}


@pytest.mark.parametrize(
    ("kind", "change"),
    [(kind, change) for kind, changes in OWN.items() for change in changes],
    ids=lambda x: x if isinstance(x, str) else x.__name__,
)
def test_that_what_is_wrong_in_this_object_is_found(
    tmp_path: Path, kind: str, change: Callable[[Dataset], None]
) -> None:
    path, check = made(kind, ct_origin(tmp_path), tmp_path / "out")
    with pytest.raises(NotAsMeant):
        check(twisted(path, change))


@pytest.mark.parametrize("kind", ["capture", "presentation"])
def test_that_another_image_of_the_same_study_is_found(tmp_path: Path, kind: str) -> None:
    """Sound in itself, and about the wrong slice."""
    origin = ct_origin(tmp_path)
    path, check = made(kind, origin, tmp_path / "out")

    def next_slice(ds: Dataset) -> None:
        for reference in references(ds):
            reference.ReferencedSOPInstanceUID = origin.images[1].sop_uid

    with pytest.raises(NotAsMeant):
        check(twisted(path, next_slice))
