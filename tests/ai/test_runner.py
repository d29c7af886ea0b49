"""A run ends in exactly one way, leaves nothing half done, and puts every mask on its own voxels."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer import __version__
from medviewer.ai import runner
from medviewer.ai.catalog import Bundle
from medviewer.ai.findings import Notice, ResultState
from medviewer.ai.provenance import instances_digest
from medviewer.ai.runner import analyze, expected_seconds, self_test
from medviewer.errors import BundleError, Cancelled
from medviewer.imaging.volume import Volume
from medviewer.tasks import TaskContext
from tests.ai.bundles import AIR_HU, BODY_HU, Oracle, box_chest, full_mask, oracle_bundle, request_for, run

SIGNS = list(itertools.product((1, -1), repeat=3))


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("turn", [0.0, 20.0])
@pytest.mark.parametrize("orient", SIGNS, ids=str)
def test_masks_land_on_their_own_voxels_however_the_series_is_stored(
    bundle: Bundle, orient: tuple[int, ...], swap: bool, turn: float
) -> None:
    chest = box_chest(orient, swap=swap, turn=turn)
    result = run(bundle, chest)
    assert result.state is ResultState.FINDINGS
    assert np.array_equal(full_mask(result, "Right lung"), chest.right)
    assert np.array_equal(full_mask(result, "Left lung"), chest.left)
    assert "SIDES_SWAPPED" not in [warning.code for warning in result.warnings]


@pytest.mark.parametrize("orient", [(1, 1, 1), (-1, 1, -1)], ids=str)
def test_the_slice_on_screen_comes_first_and_the_rest_outward(
    bundle: Bundle, orient: tuple[int, ...]
) -> None:
    chest = box_chest(orient)
    seen: list[int] = []

    def on_slice(index: int, masks: dict[int, NDArray[np.bool_]]) -> None:
        seen.append(index)
        assert np.array_equal(masks[1], chest.right[index])
        assert np.array_equal(masks[2], chest.left[index])
        assert set(masks) == {1, 2}

    run(bundle, chest, first_slice=9, on_slice=on_slice)
    assert seen[0] == 9
    assert sorted(seen) == list(range(14))
    distances = [abs(index - 9) for index in seen]
    assert distances == sorted(distances)


def test_a_first_slice_outside_the_series_is_taken_as_the_nearest(bundle: Bundle) -> None:
    seen: list[int] = []
    run(bundle, box_chest(), first_slice=99, on_slice=lambda index, _: seen.append(index))
    assert seen[0] == 13


def test_one_changed_byte_stops_the_run_before_the_weights_are_read(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytearray(bundle.weights_path.read_bytes())
    content[-1] ^= 1
    bundle.weights_path.write_bytes(bytes(content))
    monkeypatch.setattr(runner, "load_safetensors", lambda _: pytest.fail("parsed before hashed"))
    with pytest.raises(BundleError, match="damaged"):
        run(bundle, box_chest())


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="do not belong"):
        run(oracle_bundle(tmp_path / "other", network=nn.Linear(2, 2)), box_chest())


def test_bytes_that_are_no_safetensors_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.ai.bundles.save", lambda _: b"\xff" * 64)
    with pytest.raises(BundleError, match="do not belong"):
        run(oracle_bundle(tmp_path / "other"), box_chest())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "resnet"}, "needs the network 'resnet'"),
        ({"args": {"depth": 3}}, "arguments"),
        ({"args": {"outputs": 3}}, "classes its card lists"),
    ],
)
def test_a_network_that_is_not_what_the_card_says_is_a_broken_bundle(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(BundleError, match=message):
        run(oracle_bundle(tmp_path / "other", **changes), box_chest())


def test_numbers_that_are_not_finite_are_a_failure_with_a_reason(tmp_path: Path) -> None:
    broken = Oracle()
    nn.init.constant_(broken.level, float("nan"))
    result = run(oracle_bundle(tmp_path / "nan", network=broken), box_chest())
    assert result.state is ResultState.FAILED
    assert [reason.code for reason in result.reasons] == ["NO_RELIABLE_RESULT"]
    assert not result.findings
    assert result.provenance.weights_sha256


def test_finding_no_lung_is_a_failure_and_never_reads_as_normal(bundle: Bundle) -> None:
    chest = box_chest()
    values = np.where(chest.right | chest.left, BODY_HU, chest.volume.voxels).astype(np.int16)
    result = run(bundle, replace(chest, volume=replace(chest.volume, voxels=values)))
    assert result.state is ResultState.FAILED
    assert "No lung" in result.reasons[0].text


def test_a_missing_lung_is_told_and_the_other_one_measured(bundle: Bundle) -> None:
    chest = box_chest()
    values = np.where(chest.left, BODY_HU, chest.volume.voxels).astype(np.int16)
    result = run(bundle, replace(chest, volume=replace(chest.volume, voxels=values)))
    assert result.state is ResultState.FINDINGS
    assert "Left lung" not in [finding.label for finding in result.findings]
    assert "EMPTY_MASK" in [warning.code for warning in result.warnings]


def test_slices_without_a_picture_make_the_result_partial(bundle: Bundle) -> None:
    chest = box_chest()
    values = chest.volume.voxels.copy()
    values[:2] = AIR_HU
    result = run(bundle, replace(chest, volume=replace(chest.volume, voxels=values)))
    assert result.state is ResultState.PARTIAL
    assert (result.complete_slices, result.total_slices) == (12, 14)
    assert result.reasons[0].text == "2 of 14 slices hold no picture and were not analyzed."


class CancelAfter(TaskContext):
    """Cancels itself at its n-th check."""

    def __init__(self, checks: int) -> None:
        super().__init__()
        self.left = checks

    def check(self) -> None:
        self.left -= 1
        if self.left <= 0:
            self.cancel()
        super().check()


def test_cancel_at_any_moment_ends_the_run_and_tells_nothing_more(bundle: Bundle) -> None:
    chest, moment, ran_through = box_chest(), 0, False
    while not ran_through:
        moment += 1
        context = CancelAfter(moment)
        told: list[bool] = []
        request = request_for(bundle, chest, on_slice=lambda *_, c=context, t=told: t.append(c.cancelled))
        try:
            analyze(request, context)
        except Cancelled:
            assert context.cancelled
        else:
            ran_through = True
            assert not context.cancelled
        assert not any(told)
    assert moment > chest.volume.shape[0]


def test_progress_rises_to_one_and_tells_the_time_left(bundle: Bundle) -> None:
    told: list[tuple[float, str]] = []
    analyze(
        request_for(bundle, box_chest()), TaskContext(lambda fraction, text: told.append((fraction, text)))
    )
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any("s left" in text for _, text in told)


def test_an_unsuitable_series_is_not_run(bundle: Bundle) -> None:
    chest = box_chest()
    result = run(bundle, replace(chest, series=replace(chest.series, body_part="HEAD")))
    assert result.state is ResultState.NOT_SUITABLE
    assert [reason.code for reason in result.reasons] == ["BODY_PART"]
    assert not result.findings
    assert not result.provenance.forced


def test_an_override_is_possible_recorded_and_marked(bundle: Bundle) -> None:
    chest = box_chest()
    result = run(bundle, replace(chest, series=replace(chest.series, body_part="HEAD")), force=True)
    assert result.state is ResultState.FINDINGS
    assert result.provenance.forced
    assert result.warnings[0].code == "FORCED"


HELD = (Notice("STOPPED", "Stopped by this site's rule: 12 of the last 20 rejected."),)


def test_a_model_that_the_site_holds_back_does_not_run_although_the_images_suit(bundle: Bundle) -> None:
    result = run(bundle, box_chest(), held=HELD)
    assert result.state is ResultState.NOT_SUITABLE
    assert result.reasons == HELD


def test_an_override_of_the_site_s_rule_is_marked_as_that(bundle: Bundle) -> None:
    result = run(bundle, box_chest(), held=HELD, force=True)
    assert result.state is ResultState.FINDINGS
    assert result.provenance.forced
    assert result.is_stop_overridden
    assert HELD[0].text in result.warnings[0].text
    assert all("this site's rule had stopped the model" in finding.sentence for finding in result.findings)
    plain = run(
        bundle, replace(box_chest(), series=replace(box_chest().series, body_part="HEAD")), force=True
    )
    assert not plain.is_stop_overridden


def test_no_override_helps_without_geometry(bundle: Bundle) -> None:
    chest = box_chest()
    series, volume = replace(chest.series, geometry=None), replace(chest.volume, geometry=None)
    result = run(bundle, replace(chest, series=series, volume=volume), force=True)
    assert result.state is ResultState.NOT_SUITABLE


@pytest.mark.parametrize("change", ["inverted", "raw", "padding", "constant", "noise"])
def test_values_that_are_no_hu_are_refused_whatever_the_header_says(bundle: Bundle, change: str) -> None:
    chest = box_chest()
    voxels = chest.volume.voxels.astype(np.int16)
    noise = np.random.default_rng(0).integers(-1024, 3071, voxels.shape).astype(np.int16)
    values = {
        "inverted": -voxels,
        "raw": voxels + 1024,
        "padding": np.full_like(voxels, -2000),
        "constant": np.zeros_like(voxels),
        "noise": noise,
    }[change]
    volume = Volume(values, chest.volume.geometry, chest.volume.unit, padding=(-2000, -2000))
    result = run(bundle, replace(chest, volume=volume))
    assert result.state is ResultState.NOT_SUITABLE
    assert result.reasons[0].code in ("NOT_HU", "NO_DATA")


def test_the_same_input_gives_the_same_masks_whatever_slice_is_first(bundle: Bundle) -> None:
    results = [run(bundle, box_chest(), first_slice=first) for first in (0, 0, 7)]
    for result in results[1:]:
        for ours, theirs in zip(result.findings, results[0].findings, strict=True):
            assert ours.sentence == theirs.sentence
            assert ours.id == theirs.id
            assert (ours.mask is None) == (theirs.mask is None)
            if ours.mask is not None and theirs.mask is not None:
                assert np.array_equal(ours.mask.full(), theirs.mask.full())


def test_a_result_names_its_maker(bundle: Bundle) -> None:
    chest = box_chest()
    made = run(bundle, chest).provenance
    assert (made.model_id, made.model_version) == ("lung-ct", "1.0.0")
    assert made.weights_sha256 == bundle.card.weights.sha256
    assert made.app_version == __version__
    assert made.torch_version == torch.__version__
    assert made.device.startswith("GPU: none, CPU, ")
    assert made.dtype in ("float32", "bfloat16")
    assert made.seconds > 0
    assert made.started[-6] in "+-"
    assert (made.study_uid, made.series_uid) == ("1", "1.2")
    assert made.instances_sha256 == instances_digest(chest.series)
    assert len(made.instances_sha256) == 64


def test_a_volume_of_another_series_is_a_programming_error(bundle: Bundle) -> None:
    chest = box_chest()
    with pytest.raises(ValueError, match="belong"):
        request_for(bundle, chest, series=replace(chest.series, instances=chest.series.instances[1:]))


def test_the_expected_time_is_learned_from_the_last_run(bundle: Bundle) -> None:
    assert expected_seconds(bundle, 100, "cpu") == pytest.approx(12.0)
    run(bundle, box_chest())
    learned = expected_seconds(bundle, 100, "cpu")
    assert learned is not None
    assert 0 < learned < 12.0


def test_the_self_test_passes_a_whole_bundle_and_refuses_a_broken_one(bundle: Bundle, tmp_path: Path) -> None:
    assert self_test(bundle).startswith("lung-ct 1.0.0: hash right")
    broken = Oracle()
    nn.init.constant_(broken.level, float("nan"))
    with pytest.raises(BundleError, match="self-test"):
        self_test(oracle_bundle(tmp_path / "nan", network=broken))
