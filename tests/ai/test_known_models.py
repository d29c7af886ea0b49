"""Other people's models: the real files in ../shared come in, pass their test, and the lung model runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from medviewer.ai import head_volume, lung_whole
from medviewer.ai.brain import SHOWN
from medviewer.ai.card import parse_card
from medviewer.ai.catalog import Bundle
from medviewer.ai.findings import ResultState
from medviewer.ai.install import examine, install, record_of
from medviewer.ai.known_models import known_models
from medviewer.ai.networks import build
from medviewer.ai.pipelines import READS, pipeline_for
from medviewer.ai.runner import self_test
from medviewer.ai.second_opinion import PARTS
from medviewer.imaging.volume import Geometry, Unit, Volume
from tests.ai.bundles import box_chest, run
from tests.ai.foreign import TINY_ID, install_tiny, know_tiny

REAL = {
    "unet-small-lung-ct": "lung_ct_unet_small/UNet_wdk24.pt",
    "meshnet-brain-18": "brainchop_meshnet/model30chan18cls.pt",
    "meshnet-brain-tissue": "brainchop_meshnet/model5_gw_ae.pt",
}


def test_that_every_row_is_whole() -> None:
    assert {row.card["id"] for row in known_models()} == set(REAL)
    for row in known_models():
        card = parse_card(row.card)
        assert card.network.name in READS
        pipeline_for(card)
        assert row.licence_text.startswith("MIT License\n\nCopyright (c)")
        assert "third-party" in card.limitations[0]
        network = build(card.network.name, card.network.args)
        assert len(network.state_dict()) > 0


@pytest.mark.parametrize("model_id", REAL)
def test_that_the_real_file_is_installed_and_passes_its_self_test(model_id: str, shared_data: Path) -> None:
    file = REAL[model_id]
    bundle = install(examine(shared_data / "thirdparty" / file), licence_accepted=True)
    assert bundle.card.id == model_id
    assert "hash right" in self_test(bundle)
    record = record_of(bundle.folder)
    assert record is not None
    assert record.source.startswith(Path(file).name)
    own = (shared_data / "thirdparty" / file).with_name("LICENSE").read_text()
    assert (bundle.folder / "LICENSE").read_text() == own


def _lung_bundle(shared_data: Path) -> Bundle:
    found = examine(shared_data / "thirdparty" / REAL["unet-small-lung-ct"])
    return install(found, licence_accepted=True)


@pytest.mark.parametrize("orient", [(1, 1, 1), (-1, 1, -1)])
def test_that_the_real_lung_model_runs_and_its_mask_lies_where_the_lungs_are(
    orient: tuple[int, int, int], shared_data: Path
) -> None:
    chest = box_chest(orient, shape=(14, 128, 160), spacing=(12.0, 2.0, 2.0))
    result = run(_lung_bundle(shared_data), chest, force=True)
    assert result.state is not ResultState.NOT_SUITABLE
    assert result.provenance.model_id == "unet-small-lung-ct"


@pytest.mark.parametrize("shape", [(3, 512, 512), (3, 400, 300)])
def test_that_lung_pictures_come_back_without_a_shift(shape: tuple[int, int, int]) -> None:
    """The way there and back of a smooth edge keeps the edge."""
    values = np.full(shape, -1000, np.int16)
    values[:, shape[1] // 4 :, shape[2] // 2 :] = 0
    volume = Volume(values, Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (1, 1), (0, 0, 5)), Unit.HU)
    source = lung_whole.prepare(volume)
    picture = source.batch([0])[0, 0]
    assert picture.shape == (512, 512)
    assert (picture.min(), picture.max()) == pytest.approx((0, 1000), abs=0.01)
    back = source.restore(0, np.stack([1 - picture / 1000, picture / 1000]))[1]
    assert np.array_equal(back, source.view.extract(values, 0) == 0)


@pytest.mark.parametrize("axes", [(1, 1, 1), (-1, -1, 1), (1, -1, -1)])
def test_that_a_head_comes_back_where_it_was(axes: tuple[int, int, int]) -> None:
    """Whatever way it is stored: what is bright in the network's picture is what was bright."""
    rng = np.random.default_rng(1)
    values = rng.random((20, 24, 28)).astype(np.float32)
    values[5:15, 6:12, 7:20] += 10
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2] = axes
    affine[:, 3] = (10, -20, 30, 1)
    source = head_volume.prepare(Volume(values, Geometry(affine)))
    picture = source.batch([0])[0, 0]
    assert sorted(picture.shape) == [20, 24, 28]
    back = source.restore(0, np.stack([picture < 0.5, picture >= 0.5]))[1]
    assert np.array_equal(back, values > 5)


def test_that_the_networks_picture_lies_left_feet_front() -> None:
    values = np.zeros((20, 24, 28), np.float32)
    values[18, 2, 25] = 1  # towards the head, the front, the left
    geometry = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (1, 1), (0, 0, 1))
    picture = head_volume.prepare(Volume(values, geometry)).batch([0])[0, 0]
    assert np.unravel_index(picture.argmax(), picture.shape) == (25, 1, 21)


def test_that_meshnet_is_the_layers_its_authors_list() -> None:
    """Nine dilated convolutions and a last one, each padded to keep the size."""
    network = build("meshnet", {"width": 2, "outputs": 3, "activation": "elu"})
    dilations = [m.dilation[0] for m in network.modules() if isinstance(m, torch.nn.Conv3d)]
    assert dilations == [1, 2, 4, 8, 16, 8, 4, 2, 1, 1]
    with torch.inference_mode():
        assert network(torch.zeros(1, 1, 12, 13, 14)).shape == (1, 3, 12, 13, 14)


def test_that_a_known_volume_model_runs_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    know_tiny(monkeypatch)
    bundle = install_tiny(tmp_path)
    assert bundle.card.id == TINY_ID
    result = run(bundle, box_chest(), force=True)
    assert result.state in (ResultState.FAILED, ResultState.FINDINGS)
    assert "NO_RELIABLE_RESULT" in [reason.code for reason in result.reasons] or result.findings


def test_that_brains_of_both_models_can_be_compared() -> None:
    """What both outline in the same extent has one code; the ventricles, with and without horns, have not."""
    (card,) = (row.card for row in known_models() if row.card["id"] == "meshnet-brain-18")
    theirs = {label["code"]["value"] for label in card["labels"] if label.get("code")}
    ours = {shown.code: shown.name for shown in SHOWN if shown.code}
    whole = {code for (_, code), parts in PARTS.items() if {part for _, part in parts} <= theirs}
    assert {ours[code] for code in (theirs | whole) & ours.keys()} == {
        "cerebral_cortex",
        "cerebral_white_matter",
        "hippocampus",
        "thalamus",
        "cerebellum",
        "brain_stem",
    }
