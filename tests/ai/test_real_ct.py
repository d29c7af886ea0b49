"""The whole AI room on a real scan read with two kernels: same lungs, gated figures."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile

import numpy as np
import pytest

from medviewer.ai.catalog import find, fit
from medviewer.ai.findings import AnalysisResult, ResultState
from medviewer.ai.install import examine, install
from medviewer.ai.runner import Request, analyze
from medviewer.ai.second_opinion import compare
from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.imaging.measure import volume_ml
from medviewer.tasks import TaskContext


@pytest.fixture(scope="module")
def results(shared_data: Path) -> dict[str, AnalysisResult]:
    """Results of both series of one patient by kernel."""
    bundle = find("lung-ct")
    scanned = scan([shared_data / "studies" / "ct_chest_A0002"])
    out = {}
    for series in scanned.all_series():
        _, study = scanned.owner(series)
        assert fit(bundle.card, series, study.patient_age).ok
        request = Request(bundle, series, study.uid, load_series(series), patient_age=study.patient_age)
        out[series.acquisition.kernel] = analyze(request, TaskContext())
    return out


def test_lungs_are_found_on_their_sides_with_both_kernels(results: dict[str, AnalysisResult]) -> None:
    assert set(results) == {"B40f", "B70f"}
    volumes = []
    for result in results.values():
        assert result.state is ResultState.FINDINGS
        assert [finding.label for finding in result.findings[1:3]] == ["Right lung", "Left lung"]
        assert "SIDES_SWAPPED" not in [warning.code for warning in result.warnings]
        volumes.append([volume_ml(f.mask) for f in result.findings[1:3] if f.mask is not None])
    assert np.allclose(volumes[0], volumes[1], rtol=0.03)


def test_emphysema_figures_are_gated_by_thickness_and_kernel(results: dict[str, AnalysisResult]) -> None:
    shares = {}
    for kernel, result in results.items():
        low = next(f for f in result.findings if f.label == "Low attenuation")
        shares[kernel] = low.measurements[0].value
        assert "slices of 8\u2009mm" in low.sentence
        assert ("sharp kernel (B70f)" in low.sentence) == (kernel == "B70f")
        assert all(m.indicative for m in low.measurements)
    # Why the gate is there: one scan, two kernels, two answers.
    assert shares["B70f"] > 2 * shares["B40f"]


def test_that_two_real_models_are_compared_over_both_lungs(shared_data: Path, tmp_path: Path) -> None:
    """Twelve slices through dense disease, which the third-party network leaves out and lung-ct does not."""
    whole = next(
        series
        for series in scan([shared_data / "studies" / "ct_chest_A0002"]).all_series()
        if series.acquisition.kernel == "B70f"
    )
    for k, instance in enumerate(whole.instances[9:21]):
        copyfile(instance.path, tmp_path / f"{k}.dcm")
    (series,) = scan([tmp_path]).all_series()
    volume = load_series(series)
    other = install(
        examine(shared_data / "thirdparty" / "lung_ct_unet_small" / "UNet_wdk24.pt"), licence_accepted=True
    )
    mine, theirs = (
        analyze(Request(bundle, series, "1", volume), TaskContext()) for bundle in (find("lung-ct"), other)
    )
    (found,) = compare(mine, theirs)
    assert (found.structure, found.first.parts) == ("Lungs", ("Right lung", "Left lung"))
    masks = [[f.mask for f in result.findings if f.mask is not None and f.code] for result in (mine, theirs)]
    a, b = (np.any([mask.full() for mask in some], axis=0) for some in masks)
    assert found.dice == 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))
    assert 0.8 < found.dice < 0.97
    assert found.first.volume_ml == pytest.approx(sum(volume_ml(mask) for mask in masks[0]), rel=1e-12)
    np.testing.assert_array_equal(found.only_first.full(), a & ~b)
    np.testing.assert_array_equal(found.only_second.full(), b & ~a)
    apart = np.count_nonzero(a ^ b, axis=(1, 2))
    assert found.slices[0].index == int(np.argmax(apart))
    assert [one.voxels for one in found.slices] == [apart[one.index] for one in found.slices]
