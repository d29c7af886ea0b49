"""The router guards: what it is sure of ends the run, what it suspects is said, and it is never offered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer import paths
from medviewer.ai.card import ModelCard
from medviewer.ai.catalog import router_on_shelf, suitable
from medviewer.ai.findings import ResultState
from medviewer.ai.routing import NO_VERDICT, as_seen, judge, probabilities
from medviewer.ai.runner import analyze
from medviewer.imaging.inplane import InPlane, Scale
from medviewer.imaging.volume import Geometry, Unit, Volume
from medviewer.tasks import TaskContext
from tests.ai.pictures import Said, asked, bundle_of, picture, register, score_bundle, stack, x_ray

KINDS = ["chest_ct_axial", "chest_xray_adult", "other", "upside_down", "inverted"]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    register(monkeypatch)
    monkeypatch.setattr(paths, "models", lambda: tmp_path)
    return tmp_path


def reader(folder: Path) -> ModelCard:
    bundle = score_bundle(folder / "cxr-pneumonia", (0.0, 1.0))
    return bundle.card


def router(folder: Path, *logits: float) -> None:
    labels = [{"id": 1, "name": "chest_xray_adult", "title": "Chest X-ray", "colour": "#56B4E9"}]
    card = {
        "id": "router",
        "network": {"name": "said", "args": {"logits": [0.0] * 5}, "outputs": KINDS},
        "labels": labels,
        "reading": "router",
    }
    steps = [{"name": "resize_area", "args": {"size": [32, 32]}}]
    bundle_of(folder / "router", Said(logits), card, steps=steps)


def run(folder: Path) -> tuple[ResultState, list[str], list[str]]:
    bundle = score_bundle(folder / "cxr-pneumonia", (0.0, 1.0))
    object.__setattr__(bundle.card.input, "kinds", ("chest_xray_adult",))
    result = analyze(asked(bundle, x_ray(), stack(picture())), TaskContext())
    return result.state, [r.code for r in result.reasons], [w.code for w in result.warnings]


def test_a_picture_of_the_right_kind_runs(shelf: Path) -> None:
    router(shelf, 0, 9, 0, -9, -9)
    state, reasons, warnings = run(shelf)
    assert state is ResultState.FINDINGS
    assert not reasons
    assert not warnings


def test_a_picture_of_another_kind_is_refused(shelf: Path) -> None:
    router(shelf, 9, 0, 0, -9, -9)
    assert run(shelf)[:2] == (ResultState.NOT_SUITABLE, ["ROUTER_KIND"])


@pytest.mark.parametrize(("place", "code"), [(3, "ROUTER_UPSIDE_DOWN"), (4, "ROUTER_INVERTED")])
def test_an_upside_down_picture_and_a_negative_are_refused(shelf: Path, place: int, code: str) -> None:
    logits = [0.0, 9.0, 0.0, -9.0, -9.0]
    logits[place] = 9.0
    router(shelf, *logits)
    assert run(shelf)[:2] == (ResultState.NOT_SUITABLE, [code])


def test_a_suspicion_is_a_warning(shelf: Path) -> None:
    router(shelf, 0.5, 0.0, -9, -9, 0.5)
    state, _, warnings = run(shelf)
    assert state is ResultState.FINDINGS
    assert warnings == ["ROUTER_INVERTED", "ROUTER_KIND"]


def test_a_router_that_is_damaged_is_said_and_stops_nothing(shelf: Path) -> None:
    router(shelf, 0, 9, 0, -9, -9)
    (shelf / "router" / "weights.safetensors").write_bytes(b"torn")
    state, _, warnings = run(shelf)
    assert state is ResultState.FINDINGS
    assert warnings == ["NO_ROUTER"]


def test_a_router_whose_answer_is_no_number_is_said_and_stops_nothing(shelf: Path) -> None:
    router(shelf, float("nan"), 9, 0, -9, -9)
    state, _, warnings = run(shelf)
    assert state is ResultState.FINDINGS
    assert warnings == ["NO_ROUTER"]


def test_the_router_is_on_the_shelf_and_never_offered(shelf: Path) -> None:
    router(shelf, 0, 9, 0, -9, -9)
    score_bundle(shelf / "cxr-pneumonia", (0.0, 1.0))
    guard = router_on_shelf()
    assert guard is not None
    assert guard.card.id == "router"
    assert [bundle.card.id for bundle, _ in suitable(x_ray())] == ["cxr-pneumonia"]


def test_kinds_compete_and_properties_stand_alone() -> None:
    logits = np.array([[0.0, 0.0, -50.0, 0.0, 4.0]], np.float32)
    found = probabilities(logits, tuple(KINDS))
    assert found["chest_ct_axial"] == pytest.approx(0.5)
    assert found["upside_down"] == pytest.approx(0.5)
    assert found["inverted"] == pytest.approx(1 / (1 + np.exp(-4.0)), abs=1e-6)


def test_a_model_that_names_no_kind_is_judged_by_none_of_it(shelf: Path) -> None:
    router(shelf, 9, 0, 0, 9, 9)
    bundle = score_bundle(shelf / "cxr-pneumonia", (0.0, 1.0))
    assert not bundle.card.input.kinds
    result = analyze(asked(bundle, x_ray(), stack(picture())), TaskContext())
    assert result.state is ResultState.FINDINGS
    assert judge({"chest_ct_axial": 1.0, "inverted": 1.0}, bundle.card, x_ray()) == NO_VERDICT


def reading(folder: Path, *kinds: str) -> ModelCard:
    card = reader(folder)
    object.__setattr__(card.input, "kinds", kinds)
    return card


def test_the_kinds_that_a_model_reads_count_together(shelf: Path) -> None:
    """Neither of two wanted kinds is the likeliest, their sum is."""
    chances = {"chest_xray_adult": 0.3, "chest_xray_child": 0.3, "other": 0.4, "inverted": 0.0}
    verdict = judge(chances, reading(shelf, "chest_xray_adult", "chest_xray_child"), x_ray())
    assert not verdict.reasons
    assert not verdict.warnings
    verdict = judge(chances, reading(shelf, "chest_xray_adult"), x_ray())
    assert [notice.code for notice in verdict.warnings] == ["ROUTER_KIND"]


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("chest_xray_adult", {"ROUTER_UPSIDE_DOWN", "ROUTER_INVERTED"}),
        ("cardiac_mr_short_axis", {"ROUTER_INVERTED"}),
        ("other", set()),
    ],
)
def test_only_what_can_be_true_of_the_kind_is_asked(shelf: Path, kind: str, codes: set[str]) -> None:
    chances = {kind: 1.0, "head_ct_axial": 0.0, "upside_down": 1.0, "inverted": 1.0}
    verdict = judge(chances, reading(shelf, kind), x_ray())
    assert {notice.code for notice in verdict.reasons} == codes


def test_the_sentence_tells_a_reader_what_was_seen_and_what_is_read(shelf: Path) -> None:
    chances = {"chest_ct_axial": 0.97, "chest_xray_adult": 0.03}
    (reason,) = judge(chances, reading(shelf, "chest_xray_adult"), x_ray()).reasons
    assert reason.text == (
        "The header says DX, but the picture looks like an axial chest CT (picture check, 0.97); "
        "this model reads frontal chest X-rays of adults."
    )


def test_that_the_readers_override_runs_what_the_router_refused_and_is_recorded(shelf: Path) -> None:
    router(shelf, 9, 0, 0, -9, -9)
    bundle = score_bundle(shelf / "cxr-pneumonia", (0.0, 1.0))
    object.__setattr__(bundle.card.input, "kinds", ("chest_xray_adult",))
    result = analyze(asked(bundle, x_ray(), stack(picture()), force=True), TaskContext())
    assert result.state is ResultState.FINDINGS
    assert result.provenance.forced
    (forced,) = (w.text for w in result.warnings if w.code == "FORCED")
    assert "looks like an axial chest CT" in forced


def _gradient(rows: int = 6, columns: int = 8) -> NDArray[np.int16]:
    """Each of four slices tells its own place: value = 100 slice + 10 row + column."""
    k, r, c = np.ogrid[:4, :rows, :columns]
    return np.asarray(100 * k + 10 * r + c, np.int16)


@pytest.mark.parametrize(("down", "right"), [((0, 1, 0), (1, 0, 0)), ((0, -1, 0), (-1, 0, 0))])
def test_a_volume_is_seen_as_its_geometry_says_however_it_is_stored(
    down: tuple[int, int, int], right: tuple[int, int, int]
) -> None:
    """Rows that run to the front are turned: front is up, the patient's right on the left."""
    geometry = Geometry.from_planes((0, 0, 0), (*right, *down), (1.0, 1.0), (0, 0, 2.0))
    volume = Volume(_gradient(), geometry, Unit.HU)
    seen = as_seen(volume, 1, placed=True)
    plain = _gradient()[1].astype(np.float32)
    assert np.array_equal(seen, plain if down[1] > 0 else plain[::-1, ::-1])
    assert np.array_equal(as_seen(volume, 1, placed=False), plain)


def test_a_coronal_volume_is_seen_slice_by_slice_head_up() -> None:
    geometry = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 0, 1), (1.0, 1.0), (0, 3.0, 0))
    volume = Volume(_gradient(), geometry, Unit.HU)  # rows run to the head: stored upside down
    assert np.array_equal(as_seen(volume, 2, placed=True), _gradient()[2][::-1].astype(np.float32))


def test_pixels_are_made_square_and_colours_grey() -> None:
    scale = InPlane(Scale(2.0, 1.0, "mm"))
    tall = Volume(_gradient(), None, Unit.RAW, in_plane=(scale,) * 4)
    assert as_seen(tall, 0, placed=False).shape == (12, 8)
    colour = np.zeros((1, 4, 4, 3), np.uint8)
    colour[..., 1] = 100
    seen = as_seen(Volume(colour, None, Unit.RGB), 0, placed=False)
    assert seen.shape == (4, 4)
    assert seen == pytest.approx(58.7, abs=1e-3)
