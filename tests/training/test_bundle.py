"""A model's folder is replaced whole or not at all."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load

from medviewer.ai.card import Metric, load_card
from medviewer.ai.catalog import Bundle, verify
from medviewer.ai.findings import OperatingPoint
from medviewer.errors import BundleError, UsageError, WriteError
from medviewer.training import bundle, models
from tests.ai.bundles import Oracle, example


def _card(**changes: Any) -> dict[str, Any]:
    data = example()
    del data["weights"], data["schema"]
    return {**data, **changes}


def test_that_what_is_written_is_read_back_whole(tmp_path: Path) -> None:
    card = bundle.write_bundle(tmp_path, Oracle(), _card(version="2.0.0"))
    assert card.version == "2.0.0"
    verify(Bundle(tmp_path, card))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["card.json", "weights.safetensors"]


def test_that_half_as_large_weights_load_as_the_numbers_they_round_to(tmp_path: Path) -> None:
    net = torch.nn.Conv2d(3, 4, 3)
    card = bundle.write_bundle(tmp_path, net, _card(), half=True)
    verify(Bundle(tmp_path, card))
    again = torch.nn.Conv2d(3, 4, 3)
    again.load_state_dict(load((tmp_path / "weights.safetensors").read_bytes()))
    assert again.weight.dtype == torch.float32
    assert torch.equal(again.weight.detach(), net.weight.detach().half().float())
    assert (tmp_path / "weights.safetensors").stat().st_size < 4 * sum(p.numel() for p in net.parameters())


def test_that_a_wrong_card_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    bundle.write_bundle(tmp_path, Oracle(), _card())
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(BundleError, match="intended_use is empty"):
        bundle.write_bundle(tmp_path, Oracle(outputs=2), _card(intended_use=""))
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_that_a_disk_that_fills_up_leaves_the_model_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = bundle.write_bundle(tmp_path, Oracle(), _card())
    written: list[Path] = []

    def full_at_the_card(path: Path, content: bytes) -> None:
        if written:
            raise WriteError("card.json.new could not be written.")
        written.append(path)
        path.write_bytes(content)

    monkeypatch.setattr(bundle, "write_bytes", full_at_the_card)
    other = Oracle()
    with torch.no_grad():
        other.level.fill_(-0.25)
    with pytest.raises(WriteError):
        bundle.write_bundle(tmp_path, other, _card(version="9"))
    assert load_card(tmp_path / "card.json") == card
    verify(Bundle(tmp_path, card))


def test_that_figures_go_on_the_card_and_nothing_else_changes(tmp_path: Path) -> None:
    before = bundle.write_bundle(tmp_path, Oracle(), _card())
    figure = Metric("Dice", 0.97, "ten chests", (0.96, 0.98), "", 10)
    point = OperatingPoint("right_lung", 0.5, 0.9, 0.8)
    after = bundle.add_metrics(tmp_path, [figure], [point])
    assert after.metrics == (figure,)
    assert after.operating_points == (point,)
    assert after.weights == before.weights


def test_that_a_finished_bundle_takes_its_split_and_report_along(tmp_path: Path) -> None:
    made = bundle.write_bundle(tmp_path / "work", Oracle(), _card())
    (tmp_path / "work" / "split.json").write_text("{}", encoding="utf-8")
    moved = bundle.move_bundle(tmp_path / "work", tmp_path / "shelf" / "lung-ct")
    assert moved == made
    verify(Bundle(tmp_path / "shelf" / "lung-ct", moved))
    assert (tmp_path / "shelf" / "lung-ct" / "split.json").is_file()


class Watched(torch.nn.Module):
    """Its runs take as long as it was told: what else a machine does makes some of them long."""

    def __init__(self, *took: float) -> None:
        super().__init__()
        self.level = torch.nn.Parameter(torch.ones(1, 1))
        self.now, self.took = 100.0, list(took)
        self.seen: list[tuple[tuple[int, ...], int, bool, torch.dtype]] = []

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        answer = picture.reshape(-1, 1) @ self.level
        self.seen.append((tuple(picture.shape), torch.get_num_threads(), self.training, answer.dtype))
        self.now += self.took.pop(0)
        return answer


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_that_a_card_s_seconds_are_those_of_the_least_hindered_run_computed_as_in_reading(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, before = Watched(9.0, 3.0, 1.7, 2.0, 5.0).train(), torch.get_num_threads()
    monkeypatch.setattr(bundle, "time", SimpleNamespace(thread_time=lambda: network.now))
    monkeypatch.setattr(bundle, "pick_dtype", lambda _: dtype)
    assert bundle.seconds_per_run(network, 2, 1, 4, 4) == pytest.approx(1.0), "two cores are 1.7 times one"
    assert network.seen == [((2, 1, 4, 4), 1, False, dtype)] * 5
    assert torch.get_num_threads() == before


def test_that_a_classifier_is_timed_in_float32_and_a_quick_card_by_one_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = Watched(3.4)
    monkeypatch.setattr(bundle, "time", SimpleNamespace(thread_time=lambda: network.now))
    monkeypatch.setattr(bundle, "pick_dtype", lambda _: torch.bfloat16)
    assert bundle.seconds_per_run(network, 1, 1, 4, 4, exact=True, quick=True) == pytest.approx(2.0)
    assert [dtype for *_, dtype in network.seen] == [torch.float32]


@pytest.mark.parametrize("model_id", models.MODELS)
def test_that_every_registered_recipe_has_its_four_parts(model_id: str) -> None:
    recipe = models.recipe(model_id)
    for part in ("task", "plan", "write_card", "evaluate"):
        assert callable(getattr(recipe, part))
    assert recipe.plan(True).steps < recipe.plan(False).steps


def test_that_an_unknown_model_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no recipe for 'lung-tc'") as caught:
        models.recipe("lung-tc")
    assert "'lung-ct'" in caught.value.hint
