"""The shelf reports what is broken, checks hashes, and refuses unsuitable series with a sentence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medviewer import paths
from medviewer.ai.card import ModelCard, parse_card
from medviewer.ai.catalog import catalog, find, fit, read_weights, shelf, suitable, verify
from medviewer.ai.suitability import age_years, plane_of
from medviewer.dicom.study import Acquisition, PixelFormat, Series, SeriesIssue
from medviewer.errors import BundleError, UsageError
from medviewer.imaging.volume import Geometry, Unit
from tests.ai.bundles import axial, card, chest, each, example, with_issue


def _acquired(**changes: Any) -> Series:
    return replace(chest(), acquisition=replace(chest().acquisition, **changes))


def test_an_adult_chest_ct_fits_without_a_warning() -> None:
    verdict = fit(card(), chest(), "058Y")
    assert verdict.ok
    assert not verdict.reasons
    assert not verdict.warnings
    assert verdict.checked == ("CT", "chest", "axial", "60 slices", "2.5\u2009mm", "adult")


CORONAL = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 0, -1), (0.7, 0.7), (0, 2.5, 0))
OBLIQUE = Geometry.from_planes((0, 0, 0), (0.8, 0.6, 0, -0.6, 0.8, 0), (0.7, 0.7), (0, 0, 2.5))
COLOUR = PixelFormat("1.2.840.10008.1.2.1", 8, 8, False, samples=3, photometric="RGB")

REFUSED: dict[str, tuple[Callable[[], Series], str, str]] = {
    "MR": (lambda: chest(modality="MR"), "", "MODALITY"),
    "CR": (lambda: chest(modality="CR"), "", "MODALITY"),
    "no modality": (lambda: chest(modality=""), "", "MODALITY"),
    "screen capture": (lambda: each(chest(), sop_class="1.2.840.10008.5.1.4.1.1.7"), "", "SOP_CLASS"),
    "colour": (lambda: each(chest(), pixels=COLOUR), "", "COLOUR"),
    "raw values": (lambda: chest(unit=Unit.RAW), "", "UNIT"),
    "localizer": (lambda: each(chest(), image_type=("ORIGINAL", "LOCALIZER")), "", "IMAGE_TYPE"),
    "projection": (lambda: each(chest(), image_type=("DERIVED", "SECONDARY", "MIP")), "", "IMAGE_TYPE"),
    "missing slice": (lambda: with_issue(SeriesIssue.MISSING_SLICES), "", "MISSING_SLICES"),
    "irregular": (lambda: with_issue(SeriesIssue.IRREGULAR_SPACING), "", "IRREGULAR_SPACING"),
    "tilted gantry": (lambda: with_issue(SeriesIssue.TILTED), "", "TILTED"),
    "no position": (lambda: with_issue(SeriesIssue.NO_POSITION), "", "NO_POSITION"),
    "no spacing": (lambda: with_issue(SeriesIssue.NO_SPACING), "", "NO_SPACING"),
    "duplicates": (lambda: with_issue(SeriesIssue.DUPLICATE_POSITION), "", "DUPLICATE_POSITION"),
    "no geometry at all": (lambda: chest(geometry=None), "", "NOT_A_VOLUME"),
    "two slices": (lambda: chest(count=2), "", "FEW_SLICES"),
    "one slice": (lambda: chest(count=1), "", "FEW_SLICES"),
    "coronal": (lambda: chest(geometry=CORONAL), "", "PLANE"),
    "oblique": (lambda: chest(geometry=OBLIQUE), "", "PLANE"),
    "slices 15 mm apart": (lambda: chest(geometry=axial(15)), "", "SLICE_SPACING"),
    "mouse scanner": (lambda: chest(geometry=axial(0.5, 0.1)), "", "PIXEL_SPACING"),
    "thick slices": (lambda: _acquired(slice_thickness_mm=20.0), "", "THICKNESS"),
    "head by tag": (lambda: chest(body_part="HEAD"), "", "BODY_PART"),
    "head by description": (lambda: chest(body_part="", description="Brain routine"), "", "BODY_PART"),
    "child": (chest, "008Y", "AGE"),
    "infant": (chest, "011M", "AGE"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_input_is_refused_with_one_clear_reason(name: str) -> None:
    make, age, code = REFUSED[name]
    verdict = fit(card(), make(), age or "058Y")
    assert not verdict.ok
    assert [reason.code for reason in verdict.reasons] == [code]
    assert verdict.reasons[0].text.endswith(".")


WARNED: dict[str, tuple[Callable[[], Series], str, str]] = {
    "no patient id": (lambda: chest(issues=frozenset({SeriesIssue.NO_PATIENT_ID})), "058Y", "NO_PATIENT_ID"),
    "lossy": (lambda: chest(lossy="LOSSY 12:1"), "058Y", "LOSSY"),
    "unreadable file": (
        lambda: chest(issues=frozenset({SeriesIssue.UNREADABLE_FILE})),
        "058Y",
        "UNREADABLE_FILE",
    ),
    "unknown body part": (lambda: chest(body_part=""), "058Y", "BODY_PART"),
    "tag against description": (
        lambda: chest(body_part="ABDOMEN", description="Thorax"),
        "058Y",
        "BODY_PART",
    ),
    "unknown age": (chest, "", "AGE_UNKNOWN"),
    "nonsense age": (chest, "old", "AGE_UNKNOWN"),
    "gaps": (lambda: chest(geometry=axial(5.0)), "058Y", "GAPS"),
    "derived": (lambda: each(chest(), image_type=("DERIVED", "PRIMARY")), "058Y", "DERIVED"),
}


@pytest.mark.parametrize("name", WARNED)
def test_a_doubtful_input_runs_with_a_warning(name: str) -> None:
    make, age, code = WARNED[name]
    verdict = fit(card(), make(), age)
    assert verdict.ok
    assert [warning.code for warning in verdict.warnings] == [code]


@pytest.mark.parametrize("protocol", ["2 Chest C-/Thorax", "AThorax LungCare ThoraxRoutine", "胸部"])
def test_the_protocol_names_the_chest_where_the_tag_is_missing(protocol: str) -> None:
    series = replace(chest(body_part=""), acquisition=Acquisition(protocol=protocol))
    assert "chest" in fit(card(), series, "058Y").checked


def test_a_kernel_is_no_reason_to_refuse() -> None:
    assert fit(card(), _acquired(kernel="B70f"), "058Y").ok


def test_feet_first_and_prone_axes_are_axial_too() -> None:
    flipped = Geometry.from_planes((0, 0, 0), (-1, 0, 0, 0, -1, 0), (0.7, 0.7), (0, 0, -2.5))
    assert plane_of(flipped) == "axial"


def test_ages_are_read_as_the_standard_writes_them() -> None:
    assert age_years("058Y") == 58
    assert age_years("018M") == 1.5
    assert age_years("010D") == pytest.approx(10 / 365.25)
    assert age_years("58") is None
    assert age_years("") is None


def make_bundle(folder: Path, data: dict[str, Any] | None = None, content: bytes = b"weights") -> Path:
    """A bundle whose weights are only bytes: enough for the shelf, which never parses them."""
    folder.mkdir(parents=True)
    data = data or example()
    data["weights"]["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "weights.safetensors").write_bytes(content)
    (folder / "card.json").write_text(json.dumps(data), encoding="utf-8")
    return folder


@pytest.fixture
def empty_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundled shelf without models, and a home of the test's own."""
    root = tmp_path / "models"
    root.mkdir()
    monkeypatch.setattr(paths, "models", lambda: root)
    monkeypatch.setenv("MEDVIEWER_HOME", str(tmp_path / "home"))
    return root


def test_bundled_and_installed_models_are_listed(empty_shelf: Path) -> None:
    make_bundle(empty_shelf / "lung-ct")
    make_bundle(paths.user_models() / "other", example() | {"id": "other"})
    assert [bundle.card.id for bundle in catalog()] == ["lung-ct", "other"]
    assert find("other").folder == paths.user_models() / "other"


def test_a_broken_bundle_is_reported_and_hides_no_other(empty_shelf: Path) -> None:
    make_bundle(empty_shelf / "lung-ct")
    (empty_shelf / "torn").mkdir()
    make_bundle(empty_shelf / "twin")
    found = shelf()
    assert [bundle.card.id for bundle in found.bundles] == ["lung-ct"]
    assert [folder.name for folder, _ in found.broken] == ["torn", "twin"]
    with pytest.raises(BundleError):
        find("torn")


def test_an_unknown_model_names_the_nearest(empty_shelf: Path) -> None:
    with pytest.raises(UsageError, match="no model"):
        find("lung-ct")
    make_bundle(empty_shelf / "lung-ct")
    with pytest.raises(UsageError) as caught:
        find("lungct")
    assert "'lung-ct'" in caught.value.hint


def test_one_changed_byte_is_found_before_anything_is_parsed(empty_shelf: Path) -> None:
    folder = make_bundle(empty_shelf / "lung-ct", content=b"0123456789")
    bundle = find("lung-ct")
    verify(bundle)
    assert read_weights(bundle) == b"0123456789"
    (folder / "weights.safetensors").write_bytes(b"0123456780")
    with pytest.raises(BundleError, match="damaged"):
        verify(bundle)


def test_missing_weights_are_a_damaged_bundle(empty_shelf: Path) -> None:
    folder = make_bundle(empty_shelf / "lung-ct")
    (folder / "weights.safetensors").unlink()
    with pytest.raises(BundleError, match="cannot be read"):
        verify(find("lung-ct"))


def test_fitting_models_come_first(empty_shelf: Path) -> None:
    other = example() | {"id": "a-brain"}
    other["input"] = other["input"] | {"modality": "MR"}
    make_bundle(empty_shelf / "a-brain", other)
    make_bundle(empty_shelf / "lung-ct")
    pairs = suitable(chest(), "058Y")
    assert [(bundle.card.id, verdict.ok) for bundle, verdict in pairs] == [
        ("lung-ct", True),
        ("a-brain", False),
    ]


def test_axes_are_named_from_the_geometry() -> None:
    assert plane_of(axial()) == "axial"
    assert plane_of(CORONAL) == "coronal"
    assert plane_of(OBLIQUE) == "oblique"
    sagittal = Geometry.from_planes((0, 0, 0), (0, 1, 0, 0, 0, -1), (0.7, 0.7), (2.5, 0, 0))
    assert plane_of(sagittal) == "sagittal"
    assert np.allclose(axial().spacing_mm, (2.5, 0.7, 0.7))


def _for_children() -> ModelCard:
    data = example()
    data["input"] |= {"age_min_years": None, "age_max_years": 7, "other_modalities": ["CR"]}
    data["input"] |= {"slice_spacing_mm": None, "pixel_spacing_mm": None, "planes": []}
    return parse_card(data)


def test_a_model_for_children_refuses_adults_and_asks_for_an_unknown_age() -> None:
    assert fit(_for_children(), chest(), "003Y").ok
    refused = fit(_for_children(), chest(), "007Y")
    assert [reason.code for reason in refused.reasons] == ["AGE"]
    asked = fit(_for_children(), chest(), "")
    assert asked.ok
    assert "AGE_UNKNOWN" in [warning.code for warning in asked.warnings]


def test_a_card_without_planes_and_spacings_asks_for_none() -> None:
    far = chest(geometry=axial(step=40.0, pixel=5.0))
    assert fit(_for_children(), far, "003Y").ok
    assert not fit(card(), far, "058Y").ok


def test_a_model_of_single_pictures_needs_no_position_and_no_volume() -> None:
    alone = chest(1, modality="CR", geometry=None, issues=frozenset({SeriesIssue.NO_POSITION}))
    alone = each(alone, sop_class="1.2.840.10008.5.1.4.1.1.1")
    data = example()
    data["input"] |= {"other_modalities": ["CR"], "planes": [], "slices_min": 1}
    assert fit(parse_card(data), alone, "058Y").ok
    assert not fit(card(), alone, "058Y").ok


def test_other_modalities_are_read_too_and_named_in_a_refusal() -> None:
    radiograph = each(chest(modality="CR", unit=Unit.HU), sop_class="1.2.840.10008.5.1.4.1.1.1")
    assert fit(_for_children(), radiograph, "003Y").ok
    (reason,) = fit(_for_children(), chest(modality="MR"), "003Y").reasons
    assert "CT or CR" in reason.text
