"""Who is offered the heart model: cines as scanners write them; no brain and no knee that keeps silent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage

from medviewer import paths
from medviewer.ai.card import ModelCard, load_card
from medviewer.ai.suitability import fit
from medviewer.ai.verdict import Fit
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from tests.factories import make_ct_series

HEART = "NOT_GATED"


def card() -> ModelCard:
    return load_card(paths.models() / "cardiac-mr" / "card.json")


def opened(folder: Path, count: int, places: int, **facts: Any) -> list[Series]:
    """An MR series of ``count`` images, ``places`` places over and over, that says nothing but ``facts``."""

    def tweak(ds: Dataset, k: int) -> None:
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = MRImageStorage
        ds.Modality = "MR"
        for silent in ("BodyPartExamined", "SeriesDescription", "RescaleIntercept", "RescaleSlope"):
            delattr(ds, silent)
        del ds.RescaleType
        ds.ImagePositionPatient = [0.0, 0.0, 8.0 * (k % places)]
        phase = k // places
        ds.AcquisitionNumber, ds.AcquisitionTime = phase + 1, f"1015{phase:02d}"
        for keyword, value in facts.items():
            setattr(ds, keyword, value[k] if isinstance(value, list) else value)

    return scan(make_ct_series(folder, slices=count, tweak=tweak)).all_series()


def verdict(folder: Path, count: int, places: int, **facts: Any) -> Fit:
    return fit(card(), opened(folder, count, places, **facts)[0], "050Y")


def test_a_silent_stack_is_not_offered_to_the_heart_model(tmp_path: Path) -> None:
    found = verdict(tmp_path, 12, 12)
    assert [reason.code for reason in found.reasons] == [HEART]
    assert "heart" in found.reasons[0].text


def test_a_single_silent_picture_that_tells_its_place_is_not_offered(tmp_path: Path) -> None:
    assert [reason.code for reason in verdict(tmp_path, 1, 1).reasons] == [HEART]


@pytest.mark.parametrize(
    "facts",
    [
        {"HeartRate": 62},
        {"NominalInterval": 967},
        {"CardiacNumberOfImages": 25},
        {"TriggerTime": [0.0, *[41.5] * 11]},
        {"ScanOptions": "FC\\CG"},
        {"CardiacSynchronizationTechnique": "RETROSPECTIVE"},
    ],
)
def test_a_stack_timed_by_the_heartbeat_is_offered(tmp_path: Path, facts: dict[str, Any]) -> None:
    found = verdict(tmp_path, 12, 12, **facts)
    assert found.ok
    assert "timed by the heartbeat" in found.checked


@pytest.mark.parametrize(
    "facts",
    [
        {"HeartRate": 0, "NominalInterval": 0, "TriggerTime": 0.0, "CardiacNumberOfImages": 1},
        {"ScanOptions": "FC\\RG"},
        {"CardiacSynchronizationTechnique": "NONE"},
        {"TriggerTime": ""},
    ],
)
def test_zeros_and_other_gating_are_no_heartbeat(tmp_path: Path, facts: dict[str, Any]) -> None:
    assert HEART in [reason.code for reason in verdict(tmp_path, 12, 12, **facts).reasons]


@pytest.mark.parametrize(
    "facts",
    [
        {"BodyPartExamined": "HEART"},
        {"SeriesDescription": "cine_SAX 2ch"},
        {"SeriesDescription": "short axis"},
        {"ProtocolName": "cardiac function"},
    ],
)
def test_a_stack_whose_header_names_the_heart_is_offered(tmp_path: Path, facts: dict[str, Any]) -> None:
    assert verdict(tmp_path, 12, 12, **facts).ok


def test_a_silent_film_and_a_silent_stack_over_time_are_offered_with_a_warning(tmp_path: Path) -> None:
    film = verdict(tmp_path / "film", 12, 1)
    phases = verdict(tmp_path / "stack", 12, 4)
    for found in (film, phases):
        assert found.ok
        assert {"BODY_PART", "NOT_DESCRIBED"} <= {warning.code for warning in found.warnings}


def test_pictures_that_tell_no_place_are_offered_with_a_warning(tmp_path: Path) -> None:
    found = verdict(tmp_path, 12, 12, ImagePositionPatient="")
    assert found.ok
    assert "BODY_PART" in [warning.code for warning in found.warnings]


def test_a_protocol_that_glues_plane_and_knee_is_one_of_a_knee(tmp_path: Path) -> None:
    found = verdict(tmp_path, 12, 1, ProtocolName="t1sagknee")
    assert [reason.code for reason in found.reasons] == ["BODY_PART"]


def test_no_real_study_without_a_heart_is_offered_to_the_heart_model(shared_data: Path) -> None:
    found = scan(
        [shared_data / "studies" / name for name in ("mr_brain_t1_studyforrest", "mr_enhanced_multiframe")]
    )
    assert len(found.all_series()) == 5
    assert not [series.description for series in found.all_series() if fit(card(), series).ok]
