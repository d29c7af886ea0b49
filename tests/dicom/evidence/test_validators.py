"""Objects made from every real study, before other people's validators: no error of ours.

What a source says wrongly is inherited and named here; a finding that is not named fails the test.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from medviewer.dicom.evidence.capture import Capture, capture_objects
from medviewer.dicom.evidence.derived import Origin, read_origin
from medviewer.dicom.evidence.document_object import Document, pdf_object
from medviewer.dicom.evidence.key_objects import KeyObjects, key_object_selection
from medviewer.dicom.evidence.presentation_back import check_presentation
from medviewer.dicom.evidence.presentation_object import presentation_object
from medviewer.dicom.evidence.read_back import check_capture, check_keys, check_pdf
from medviewer.dicom.presentation_state import ImageRef, Presentation
from medviewer.imaging.turn import Turn
from tests.dicom.evidence.written import (
    PDF,
    capture,
    disagreements,
    errors_of,
    new,
    picture,
    presentation,
    put,
    shown,
)

COLOURED = {"examples_palette.dcm", "examples_rgb_color.dcm", "examples_ybr_color.dcm"}
STUDIES = {
    "chest 1": "ct_chest_A0001/series2_5mm/1-0[1-3].dcm",
    "chest 1, other series": "ct_chest_A0001/series3_5mm/1-0[1-3].dcm",
    "chest 2": "ct_chest_A0002/series2/1-0[1-3].dcm",
    "chest 2, other series": "ct_chest_A0002/series3/1-0[1-3].dcm",
    "tilted head": "ct_head_GE_gantrytilt/0[1-3].dcm",
    "brain": "mr_brain_t1_studyforrest/N2D_000[1-3].dcm",
    "enhanced 1": "mr_enhanced_multiframe/*94102791.dcm",
    "enhanced 2": "mr_enhanced_multiframe/*06012317.dcm",
    "enhanced 3": "mr_enhanced_multiframe/*57912324.dcm",
    "knee": "mr_enhanced_multiframe/MOVEKNEE.dcm",
    **{
        name: f"misc/{name}"
        for name in (
            "CR-ModalitySequenceLUT.dcm",
            "DIRW0007",
            "GH133.dcm",
            "GH184.dcm",
            "HasFragmentSequence.dcm",
            "RG1_J2KI.dcm",
            *sorted(COLOURED),
        )
    },
}
INHERITED = {
    # Patient Identity Removed is YES, Deidentification Method is there and empty.
    "tilted head": ("DeidentificationMethod",),
    # Its SOP Instance UID is 999.999.01.23.45.6789: no root, a leading zero. It can be named no other way.
    "CR-ModalitySequenceLUT.dcm": ("999.999.01.23.45.6789",),
}
"""What the validator finds in the source too, and no object of that study can do without."""


def origin_of(shared_data: Path, study: str) -> tuple[Origin, Path]:
    paths = sorted((shared_data / "studies").glob(STUDIES[study]))
    if not paths:
        pytest.skip("this study is not on this machine")
    return read_origin(paths), paths[0]


def frame_of(origin: Origin) -> int:
    return 1 if origin.images[0].frames > 1 else 0


def written(origin: Origin, study: str, folder: Path) -> list[Path]:
    """One object of each kind, each read back."""
    here = shown(origin, 0, frame_of(origin))
    image = Capture(picture(), capture(origin).description, (here,))
    keys, document = KeyObjects((here,), "Seen", "Doe"), Document(PDF, "Report")
    state = drawn(origin, study)
    paths = [
        put(capture_objects(origin, [image], new(901))[0], folder, "sc.dcm"),
        put(key_object_selection(origin, keys, new(902)), folder, "ko.dcm"),
        put(pdf_object(origin, document, new(903)), folder, "pdf.dcm"),
        put(presentation_object(origin, state, new(904), rescale_type="HU"), folder, "pr.dcm"),
    ]
    check_capture(paths[0], origin, image)
    check_keys(paths[1], origin, keys)
    check_pdf(paths[2], origin, document)
    check_presentation(paths[3], origin, state)
    return paths


def drawn(origin: Origin, study: str) -> Presentation:
    frames = (1,) if origin.images[0].frames > 1 else ()
    state = presentation(origin, Turn(3, True), frames)
    assert state.images == (ImageRef(origin.images[0].sop_uid, frames),)
    if study not in COLOURED:
        return state
    facts = {**vars(state), "inverse": None, "windows": (), "slope": 1.0, "intercept": 0.0}
    return Presentation(**facts)


@pytest.mark.parametrize("study", STUDIES)
def test_that_validators_find_no_error_of_ours(shared_data: Path, tmp_path: Path, study: str) -> None:
    origin, source = origin_of(shared_data, study)
    paths = written(origin, study, tmp_path / "out")
    excused = INHERITED.get(study, ())
    ours = [
        f"{path.name}: {error}"
        for path in paths
        for error in errors_of(path)
        if not any(word in error for word in excused)
    ]
    assert ours == []
    assert disagreements([source, *paths]) == []


@pytest.mark.parametrize("study", INHERITED)
def test_that_what_is_excused_is_wrong_in_the_source(shared_data: Path, study: str) -> None:
    _, source = origin_of(shared_data, study)
    told = errors_of(source)
    for word in INHERITED[study]:
        assert any(word in error for error in told)


def test_that_dcentvfy_finds_another_patient(tmp_path: Path) -> None:
    """The peer would have told."""
    from tests.dicom.evidence.written import ct_origin, twisted

    origin = ct_origin(tmp_path)
    path = put(capture_objects(origin, [capture(origin)], new())[0], tmp_path / "out")

    def other(ds: object) -> None:
        ds.PatientID = "T2"  # type: ignore[attr-defined]

    source = sorted((tmp_path / "ct").iterdir())[0]
    assert disagreements([source, path]) == []
    assert disagreements([source, twisted(path, other)]) != []
