"""The router: what its pictures and questions are, and its recipe from end to end on drawn pictures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from medviewer import paths
from medviewer.ai.card import load_card
from medviewer.ai.catalog import Bundle, verify
from medviewer.ai.runner import load_network
from medviewer.tasks import TaskContext
from medviewer.training import router, router_change, router_kinds, router_strange
from medviewer.training import router_evaluation as evaluation
from medviewer.training import router_sources as sources
from medviewer.training.__main__ import main
from medviewer.training.loop import Plan, train
from medviewer.training.pngs import BadData
from medviewer.training.router_heads import AXES, draw_head, head
from medviewer.training.router_kinds import KINDS, NO_GREYS, NO_WAY_UP, OUTPUTS, Shot
from medviewer.training.router_task import RouterTask, bank, some
from medviewer.training.splits import read_split

SIDE = 64


def _arrow(kind: str = router_kinds.CHEST_CHILD) -> Shot:
    """Bright above, dark below, a little brighter on the left."""
    rows = np.linspace(1, 0, SIDE)[:, None] + np.linspace(0.1, 0, SIDE)[None, :]
    return Shot(rows.astype(np.float16), kind, "p")


def test_that_quick_training_makes_a_bundle_without_any_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDVIEWER_DATA", str(tmp_path / "nothing"))
    out, work = tmp_path / "bundle", tmp_path / "work"
    assert main(["router", "--quick", "--out", str(out), "--work", str(work)]) == 0
    card = load_card(out / "card.json")
    verify(Bundle(out, card))
    assert card.task == "routing"
    assert card.network.outputs == OUTPUTS
    assert {label.name for label in card.labels if label.threshold is not None} == {
        "upside_down",
        "inverted",
    }
    names = {metric.name for metric in card.metrics}
    assert {"accuracy", "upside down caught", "inverted caught", "wrongly called inverted"} <= names
    assert {point.label for point in card.operating_points} == {"upside_down", "inverted"}
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))["sections"][0]["confusion"]
    assert set(read_split(out / "split.json").parts) == {"train", "validation", "test"}


def test_that_missing_data_stop_the_training_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDVIEWER_DATA", str(tmp_path / "nothing"))
    with pytest.raises(BadData, match="is not there"):
        router.task(False)


def test_that_numbers_are_read_as_nine_shares_and_two_answers_of_their_own() -> None:
    logits = np.full((2, 11), -2.0)
    logits[0, 3] = 6
    logits[1, 9:] = [0.0, 800.0]
    found = router_kinds.read(logits)
    assert found.kinds.shape == (2, 9)
    assert np.allclose(found.kinds.sum(axis=1), 1)
    assert KINDS[int(found.kinds[0].argmax())] == router_kinds.BRAIN_CORONAL
    assert found.kinds[0, 3] == pytest.approx(1 / (1 + 8 * np.exp(-8)))
    assert found.upside_down[0] == pytest.approx(1 / (1 + np.exp(2)))
    assert (found.upside_down[1], found.inverted[1]) == (0.5, 1.0)


@pytest.mark.parametrize(("gain", "offset"), [(0.01, 5.0), (50.0, -1024.0), (4095.0, 0.0)])
def test_that_the_network_sees_the_same_whatever_the_unit(gain: float, offset: float) -> None:
    picture = np.random.default_rng(0).random((40, 60)).astype(np.float32)
    seen = router_kinds.prepare(picture)
    assert seen.shape == (128, 128)
    assert np.allclose(router_kinds.prepare(picture * gain + offset), seen, atol=5e-3)


@pytest.mark.parametrize("turn", router_change.TURNS[1:])
def test_that_a_turned_picture_is_another_one_and_turns_back(turn: str) -> None:
    picture = _arrow().values.astype(np.float32)
    changed = router_change.turned(picture, turn)
    assert not np.array_equal(changed, picture)
    back = {"quarter turn left": "quarter turn right", "quarter turn right": "quarter turn left"}
    assert np.array_equal(router_change.turned(changed, back.get(turn, turn)), picture)


def test_that_what_is_said_of_a_drawn_picture_is_true() -> None:
    rng = np.random.default_rng(1)
    answers = set()
    for _ in range(150):
        drawn = router_change.draw(_arrow(), rng, hard=0)
        top, bottom = drawn.picture[:20].mean(), drawn.picture[-20:].mean()
        left, right = drawn.picture[:, :20].mean(), drawn.picture[:, -20:].mean()
        lies = abs(left - right) > abs(top - bottom)
        answers.add((drawn.upside_down, drawn.inverted, bool(lies)))
        if lies:
            assert drawn.upside_down == 1
        else:  # dark on top is either upside down or a negative, not both
            assert (top < bottom) == (drawn.upside_down != drawn.inverted)
    assert len(answers) == 6


@pytest.mark.parametrize("kind", KINDS)
def test_that_questions_without_an_answer_are_not_asked(kind: str) -> None:
    drawn = router_change.draw(_arrow(kind), np.random.default_rng(0))
    assert (drawn.upside_down == router_change.NOT_TAUGHT) == (kind in NO_WAY_UP)
    assert (drawn.inverted == router_change.NOT_TAUGHT) == (kind in NO_GREYS)


def test_that_any_picture_can_be_drawn_however_small() -> None:
    rng = np.random.default_rng(2)
    for rows, columns in ((8, 8), (8, 176), (176, 20), (40, 40)):
        shot = Shot(rng.random((rows, columns)).astype(np.float16), KINDS[0], "p")
        for _ in range(40):
            assert np.isfinite(router_change.draw(router_strange.torn(shot, rng), rng).picture).all()
            assert router_change.draw(shot, rng).picture.shape == (128, 128)


def test_that_windows_are_applied_to_ct_only() -> None:
    hu = Shot(np.array([[-1000.0, 0, 40, 1000]], np.float16).repeat(8, 0), router_kinds.HEAD_CT, "p", hu=True)
    assert np.allclose(router_change.shown(hu.values.astype(np.float32), 40, 80)[0], [0, 0, 0.5, 1])
    rng = np.random.default_rng(0)
    seen = [router_change.windowed(hu, rng) for _ in range(40)]
    assert 5 < sum(float(one.min()) < -900 for one in seen) < 20
    plain = replace(hu, hu=False)
    assert np.array_equal(router_change.windowed(plain, rng), plain.values.astype(np.float32))


def test_that_a_head_is_drawn_with_its_nose_in_the_right_place() -> None:
    labels = np.zeros((100, 100, 100), np.uint8)
    z, y, x = np.ogrid[-50:50, -50:50, -50:50]
    labels[z**2 + y**2 + x**2 < 30**2] = 3
    labels[(np.abs(x) < 6) & (np.abs(z) < 40) & (y < -34) & (y > -48)] = 215  # denser than all else
    source = head("test", labels)
    assert np.allclose(source.centre, 50, atol=1)
    rng = np.random.default_rng(0)
    pictures = [draw_head(source, router_kinds.HEAD_CT, rng).values[:100] for _ in range(20)]
    rows = [float(np.nonzero(one > 380)[0].mean()) for one in pictures if (one > 380).sum() > 15]
    assert len(rows) > 6
    assert np.median(rows) < 65  # of 144: above the middle


@pytest.mark.parametrize("kind", AXES)
def test_that_heads_are_those_of_the_seed(kind: str) -> None:
    source = sources.ball("ball")
    first, again = (draw_head(source, kind, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first.values, again.values)
    assert (first.kind, first.hu) == (kind, kind == router_kinds.HEAD_CT)


def test_that_a_map_without_brain_is_refused() -> None:
    with pytest.raises(BadData, match="holds no brain"):
        head("empty", np.zeros((4, 4, 4), np.uint8))


@pytest.mark.parametrize("pattern", router_strange.PATTERNS)
def test_that_patterns_are_pictures(pattern: router_strange.Callable[..., router_strange.Drawing]) -> None:
    for seed in range(20):
        drawn = pattern(np.random.default_rng(seed))
        assert drawn.shape == (128, 128)
        assert np.isfinite(drawn).all()


def test_that_every_kind_is_drawn_and_no_kind_twice_as_often() -> None:
    pool = sources.drawn_pool(0)
    kinds = some(pool, 280, np.random.default_rng(0)).kinds
    share = np.bincount(kinds, minlength=len(KINDS)) / len(kinds)
    assert {KINDS[k] for k in np.flatnonzero(share)} == set(pool.kinds)
    rest = share[[KINDS.index(kind) for kind in pool.kinds if kind != router_kinds.OTHER]]
    assert np.allclose(rest, 1 / 7, atol=0.07)
    assert share[-1] == pytest.approx(2 / 7, abs=0.09)


def test_that_turned_and_negative_pictures_are_learned(tmp_path: Path) -> None:
    """Bright above is upright: a network of a few thousand weights learns it in seconds."""
    shots = {kind: [] for kind in KINDS}
    shots[router_kinds.CHEST_CHILD] = [_bowl(seed) for seed in range(12)]
    pool = sources.Pool(shots, [])
    args = {
        "inputs": 1,
        "outputs": len(OUTPUTS),
        "widths": [8, 16],
        "blocks": [1, 1],
        "halvings": 2,
        "dropout": 0,
    }
    rng = np.random.default_rng(0)
    task = RouterTask("t", "picture_classifier", args, bank(pool, 400, 1), some(pool, 80, rng), 16)
    plan = Plan(steps=90, rate=1e-2, warmup=5, evaluate_every=90, checkpoint_every=90, average=0.9, threads=1)
    figures = task.evaluate(train(task, plan, tmp_path, TaskContext()))
    assert figures["recall"] > 0.85
    assert figures["inverted"] > 0.85
    assert len(task.examples(task.network().eval())) == 12


def _bowl(seed: int) -> Shot:
    """A bright ring on black, open above."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    ring = np.abs(np.hypot(y, x) - 0.3) < 0.08
    ring &= ~((y < 0) & (np.abs(x) < 0.15))
    noise = np.random.default_rng(seed).random((SIDE, SIDE)) * 0.1
    return Shot((ring + noise).astype(np.float16), router_kinds.CHEST_CHILD, str(seed))


def test_that_a_share_of_all_right_is_no_certainty() -> None:
    found = evaluation.share(np.ones(40, bool), np.repeat("one patient", 40), 20)
    assert found.value == found.high == 1
    assert found.low == pytest.approx(0.912, abs=2e-3)  # Wilson, 40 of 40


def test_that_no_patient_or_source_is_on_two_sides_of_the_shipped_split() -> None:
    folder = paths.models() / "router"
    if not (folder / "split.json").is_file():
        pytest.skip("the router is not on the shelf")
    parts = read_split(folder / "split.json").parts  # read_split refuses a name in two parts
    assert "ct_chest_A0001" in parts["train"]
    assert {"ct_chest_A0002", "ct_head_GE", "studyforrest", "mni152"} <= set(parts["test"])
    assert not any(name.startswith("evaluation") for name in parts["train"] + parts["validation"])


def test_the_shipped_router_on_real_pictures_it_never_saw(shared_data: Path) -> None:
    folder = paths.models() / "router"
    if not (folder / "card.json").is_file():
        pytest.skip("the router is not on the shelf")
    network = load_network(Bundle(folder, load_card(folder / "card.json")), torch.device("cpu"))
    head_ct = shared_data / "studies" / "ct_head_GE_gantrytilt"
    shots = sources.stored(head_ct, router_kinds.HEAD_CT, "ct_head_GE", 8)
    shots += sources._adults(shared_data, "test")[:16]
    shots += sources._hearts("test")[::20]
    plain = [shot.values.astype(np.float32) for shot in shots]
    upright = evaluation.measured(network, plain, shots)
    assert upright.right.mean() > 0.85  # adults and children are the hardest to tell apart
    x_rays = [KINDS.index(kind) for kind in (router_kinds.CHEST_ADULT, router_kinds.CHEST_CHILD)]
    said = upright.said.kinds.argmax(axis=1)
    assert (upright.right | (np.isin(said, x_rays) & np.isin(upright.kinds, x_rays))).mean() > 0.95
    way_up, greys = upright.of(NO_WAY_UP), upright.of(NO_GREYS)
    over = evaluation.measured(network, [p[::-1, ::-1] for p in plain], shots)
    negative = evaluation.measured(network, [router_change.negated(p) for p in plain], shots)
    assert (upright.said.upside_down[way_up] < 0.5).mean() > 0.9
    assert (over.said.upside_down[way_up] >= 0.5).mean() > 0.9
    assert (upright.said.inverted[greys] < 0.5).mean() > 0.9
    assert (negative.said.inverted[greys] >= 0.5).mean() > 0.9
