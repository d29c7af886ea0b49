"""The shipped router beside the shipped models: it stops pictures whose tags lie, and no fitting study.

All pictures but those marked so are of patients and sources it never learned from.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from medviewer import paths
from medviewer.ai import routing
from medviewer.ai.asking import Asker, asking
from medviewer.ai.card import load_card
from medviewer.ai.catalog import Bundle, find, fit, router_on_shelf
from medviewer.ai.findings import ResultState
from medviewer.ai.request import Request
from medviewer.ai.runner import analyze, load_network
from medviewer.dicom.load import load_series, read_slice
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from medviewer.imaging.volume import Volume
from medviewer.tasks import TaskContext
from medviewer.training.demo import write_demo
from medviewer.training.splits import read_split
from tests.ai.bundles import axial, chest
from tests.ai.pictures import MR_CLASS, stack, x_ray

Grey = NDArray[Any]


@pytest.fixture
def ask() -> Iterator[Asker]:
    guard = router_on_shelf()
    assert guard is not None
    cpu = torch.device("cpu")
    with asking(load_network(guard, cpu), cpu, torch.float32, TaskContext()) as one:
        yield one


def model(name: str) -> Bundle:
    folder = paths.models() / name
    if not (folder / "card.json").is_file():
        pytest.skip(f"{name} is not on the shelf")
    return Bundle(folder, load_card(folder / "card.json"))


def said(ask: Asker, name: str, series: Series, volume: Volume) -> routing.Verdict:
    """The router's word for a model about to read a series."""
    guard = router_on_shelf()
    assert guard is not None
    return routing.ask_router(ask, guard.card, Request(model(name), series, "1", volume))


def as_x_ray(ask: Asker, name: str, picture: Grey) -> routing.Verdict:
    """A picture whose tags call it a frontal chest X-ray."""
    return said(ask, name, x_ray(shape=picture.shape), stack(picture))


def as_cine(ask: Asker, *pictures: Grey) -> routing.Verdict:
    """Pictures whose tags call them short-axis cine MR."""
    series = x_ray(len(pictures), view="", shape=pictures[0].shape, modality="MR")
    series = replace(series, instances=tuple(replace(i, sop_class=MR_CLASS) for i in series.instances))
    return said(ask, "cardiac-mr", series, stack(*pictures))


def as_chest_ct(ask: Asker, values: Grey) -> routing.Verdict:
    """HU (slices, rows, columns) whose tags call them an axial chest CT."""
    series = chest(len(values), geometry=axial(8.0, 0.7))
    return said(ask, "lung-ct", series, Volume(values.astype(np.int16), axial(8.0, 0.7), series.unit))


def codes(verdict: routing.Verdict) -> set[str]:
    return {notice.code for notice in verdict.reasons}


def told(verdict: routing.Verdict) -> set[str]:
    return codes(verdict) | {notice.code for notice in verdict.warnings}


def adults(root: Path) -> list[Grey]:
    folder = root / "evaluation" / "cxr_adult"
    return [grey(path) for path in sorted(folder.glob("*.png")) if "mask" not in path.name]


def children(root: Path, count: int = 60) -> list[Grey]:
    """Some of the router's test patients, in the shape the child had before the publisher's square."""
    parts = read_split(paths.models() / "router" / "split.json").parts
    folder = root / "training" / "cxr_paediatric"
    with (folder / "mapping.csv").open(newline="", encoding="utf-8") as lines:
        rows = [r for r in csv.DictReader(lines) if f"child {r['patient']}" in parts["test"]]
    out = []
    for row in rows[:: max(1, len(rows) // count)][:count]:
        wide, high = int(row["mask_w"] or 0), int(row["mask_h"] or 0)
        image = Image.open(folder / "images" / row["image"]).convert("L")
        out.append(np.asarray(image.resize((224, round(224 * high / wide))) if wide and high else image))
    return out


def hearts(root: Path) -> list[Grey]:
    folder = root / "training" / "cardiac_sunnybrook" / "Test" / "Images"
    return [grey(path) for path in sorted(folder.rglob("*.png"))]


def grey(path: Path) -> Grey:
    return np.asarray(Image.open(path).convert("L"))


def frames(path: Path) -> list[Grey]:
    """Every picture of a file, as stored, grey."""
    (series,) = scan([path]).all_series()
    volumes = [read_slice(series, k) for k in range(len(series.instances))]
    return [routing.as_seen(volume, 0, placed=False) for volume in volumes]


def head_ct(root: Path) -> Grey:
    (series,) = scan([root / "studies" / "ct_head_GE_gantrytilt"]).all_series()
    slices = [read_slice(series, k).voxels[0] for k in range(len(series.instances))]
    return np.stack(slices)


def chest_ct(root: Path) -> Volume:
    (series,) = scan([root / "studies" / "ct_chest_A0002" / "series3"]).all_series()
    return load_series(series)


def brain_mr(root: Path) -> list[Grey]:
    files = sorted((root / "studies" / "mr_brain_t1_studyforrest").glob("*.dcm"))[110:170:15]
    return [one for path in files for one in frames(path)]


Lie = Callable[[Asker, Path], routing.Verdict]
LIES: dict[str, tuple[Lie, str]] = {
    "knee MR (learned from) as chest X-ray": (
        lambda ask, root: as_x_ray(
            ask, "cxr-anatomy", frames(root / "studies/mr_enhanced_multiframe/MOVEKNEE.dcm")[9]
        ),
        "ROUTER_KIND",
    ),
    "mammogram (learned from) as chest X-ray": (
        lambda ask, root: as_x_ray(ask, "cxr-anatomy", frames(root / "studies/misc/GH133.dcm")[0]),
        "ROUTER_KIND",
    ),
    "negative chest X-ray": (
        lambda ask, root: as_x_ray(ask, "cxr-anatomy", 255 - adults(root)[0]),
        "ROUTER_INVERTED",
    ),
    "upside-down chest X-ray": (
        lambda ask, root: as_x_ray(ask, "cxr-anatomy", adults(root)[1][::-1, ::-1]),
        "ROUTER_UPSIDE_DOWN",
    ),
    "chest X-ray on its side": (
        lambda ask, root: as_x_ray(ask, "cxr-anatomy", np.rot90(adults(root)[2])),
        "ROUTER_UPSIDE_DOWN",
    ),
    "negative X-ray of a child": (
        lambda ask, root: as_x_ray(ask, "cxr-pneumonia", 255 - children(root)[0]),
        "ROUTER_INVERTED",
    ),
    "upside-down X-ray of a child": (
        lambda ask, root: as_x_ray(ask, "cxr-pneumonia", children(root)[1][::-1]),
        "ROUTER_UPSIDE_DOWN",
    ),
    "heart MR as chest X-ray": (
        lambda ask, root: as_x_ray(ask, "cxr-anatomy", hearts(root)[0]),
        "ROUTER_KIND",
    ),
    "chest X-ray as heart MR": (lambda ask, root: as_cine(ask, adults(root)[3]), "ROUTER_KIND"),
    "brain MR as heart MR": (
        lambda ask, root: as_cine(ask, *brain_mr(root)),
        "ROUTER_KIND",
    ),
    "negative heart MR": (
        lambda ask, root: as_cine(ask, *(255 - one for one in hearts(root)[:5])),
        "ROUTER_INVERTED",
    ),
    "head CT as chest CT": (lambda ask, root: as_chest_ct(ask, head_ct(root)), "ROUTER_KIND"),
    "coronal chest CT as axial": (
        lambda ask, root: as_chest_ct(
            ask, chest_ct(root).voxels[::-1].transpose(1, 0, 2)[160:360:10].repeat(8, axis=1)
        ),
        "ROUTER_KIND",
    ),
    "chest CT whose header turns it over": (
        lambda ask, root: as_chest_ct(ask, chest_ct(root).voxels[:, ::-1]),
        "ROUTER_UPSIDE_DOWN",
    ),
    "chest CT as heart MR": (
        lambda ask, root: as_cine(ask, *chest_ct(root).voxels[8:22:3]),
        "ROUTER_KIND",
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_a_picture_whose_tags_lie_does_not_run(ask: Asker, shared_data: Path, name: str) -> None:
    make, code = LIES[name]
    verdict = make(ask, shared_data)
    assert code in codes(verdict)
    for notice in (*verdict.reasons, *verdict.warnings):
        assert notice.text.endswith(".")


def test_most_adults_are_not_taken_for_children(ask: Asker, shared_data: Path) -> None:
    """The hardest question: a model of children refuses an adult, or at least says that it doubts."""
    verdicts = [as_x_ray(ask, "cxr-pneumonia", one) for one in adults(shared_data)]
    assert np.mean(["ROUTER_KIND" in told(one) for one in verdicts]) >= 0.7


def test_no_fitting_chest_x_ray_is_refused(ask: Asker, shared_data: Path) -> None:
    grown = [as_x_ray(ask, "cxr-anatomy", one) for one in adults(shared_data)]
    small = [as_x_ray(ask, "cxr-anatomy", one) for one in children(shared_data)]
    assert not [one for one in grown + small if one.reasons]


def test_hardly_any_childs_x_ray_is_refused_as_an_adults(ask: Asker, shared_data: Path) -> None:
    verdicts = [as_x_ray(ask, "cxr-pneumonia", one) for one in children(shared_data)]
    assert np.mean([not one.reasons for one in verdicts]) >= 0.95


def test_no_fitting_heart_is_refused(ask: Asker, shared_data: Path) -> None:
    pictures = hearts(shared_data)
    stacks = [pictures[k : k + 5] for k in range(0, len(pictures), 5)]
    for some in stacks:
        size = some[0].shape
        assert not as_cine(ask, *(one for one in some if one.shape == size)).reasons


@pytest.mark.parametrize("study", ["ct_chest_A0001", "ct_chest_A0002"])
def test_no_fitting_chest_ct_is_refused(ask: Asker, shared_data: Path, study: str) -> None:
    """Of A0001 it learned; every series of both patients, and each of its parts."""
    for series in scan([shared_data / "studies" / study]).all_series():
        assert fit(model("lung-ct").card, series, "060Y").ok
        verdict = said(ask, "lung-ct", series, load_series(series))
        assert not verdict.reasons
        assert verdict.checked == ("looks like an axial chest CT",)


def test_the_synthetic_chest_of_the_demo_is_not_refused(ask: Asker, tmp_path: Path) -> None:
    write_demo(tmp_path / "demo")
    for series in scan([tmp_path / "demo"]).all_series():
        verdict = said(ask, "lung-ct", series, load_series(series))
        assert not verdict.reasons


def test_no_fitting_brain_mr_is_refused(ask: Asker, shared_data: Path) -> None:
    bundle = model("brain-mr")
    (series,) = scan([shared_data / "studies" / "mr_brain_t1_studyforrest"]).all_series()
    assert not said(ask, bundle.card.id, series, load_series(series)).reasons


def test_a_run_stopped_by_the_router_says_why_and_can_be_forced(shared_data: Path) -> None:
    """From end to end: a negative of an X-ray whose header is right."""
    picture = 255 - adults(shared_data)[0]
    request = Request(find("cxr-anatomy"), x_ray(shape=picture.shape), "1", stack(picture), device="cpu")
    stopped = analyze(request, TaskContext())
    assert stopped.state is ResultState.NOT_SUITABLE
    assert [reason.code for reason in stopped.reasons] == ["ROUTER_INVERTED"]
    forced = analyze(replace(request, force=True), TaskContext())
    assert forced.state is not ResultState.NOT_SUITABLE
    assert forced.provenance.forced
    assert "FORCED" in [warning.code for warning in forced.warnings]
