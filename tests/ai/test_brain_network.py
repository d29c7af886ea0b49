"""What grey values make of a coarse look: tissues are told apart in any contrast; the fine look sees them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from medviewer.ai.brain_labels import STRUCTURES, index_of
from medviewer.ai.brain_network import KINDS, BrainCascade3d, tissue_evidence, tissue_kinds
from medviewer.ai.networks_volume import gather_blocks, scatter_blocks

SMALL = {"coarse": (4, 4, 4, 4, 4), "widths": (4, 4)}
SHAPE = (32, 40, 32)
WHITE, GREY, FLUID = 1, 2, 5


def _truth() -> torch.Tensor:
    """White matter in grey matter in fluid, in air: boxes in one another."""
    kinds = torch.zeros(SHAPE, dtype=torch.long)
    for kind, edge in ((FLUID, 4), (GREY, 7), (WHITE, 11)):
        kinds[edge:-edge, edge:-edge, edge:-edge] = kind
    return kinds


def _blurred_prior(kinds: torch.Tensor) -> torch.Tensor:
    """What a coarse look knows: each place mixed with what lies within four voxels, a tenth unknown."""
    sharp = torch.nn.functional.one_hot(kinds, KINDS).movedim(-1, 0).float()
    blurred = torch.nn.functional.avg_pool3d(sharp[None], 9, 1, 4, count_include_pad=False)[0]
    return 0.9 * blurred + 0.1 / KINDS


@pytest.mark.parametrize(
    ("white", "grey", "fluid"), [(0.9, 0.6, 0.2), (0.3, 0.5, 0.95), (0.2, 0.8, 0.5), (0.55, 0.3, 0.9)]
)
def test_tissues_are_told_apart_whichever_is_brighter(white: float, grey: float, fluid: float) -> None:
    kinds = _truth()
    prior = _blurred_prior(kinds)
    bright = torch.tensor([0.02, white, grey, 0, 0, fluid])
    noise = 0.05 * torch.randn(SHAPE, generator=torch.Generator().manual_seed(2))
    found = tissue_evidence(bright[kinds] + noise, prior).argmax(dim=0)
    before, wrong = ((answer != kinds).float().mean() for answer in (prior.argmax(dim=0), found))
    assert float(before) > 0.07
    assert float(wrong) < 0.6 * float(before)


def test_evidence_is_a_probability_of_every_kind() -> None:
    prior = _blurred_prior(_truth())
    picture = torch.rand(SHAPE, generator=torch.Generator().manual_seed(3))
    found = tissue_evidence(picture, prior)
    assert found.shape == (KINDS, *SHAPE)
    assert torch.allclose(found.sum(dim=0), torch.ones(SHAPE), atol=1e-5)


def test_a_picture_without_any_contrast_leaves_the_coarse_answer_standing() -> None:
    prior = _blurred_prior(_truth())
    found = tissue_evidence(torch.full(SHAPE, 0.4), prior)
    assert bool(torch.isfinite(found).all())
    assert float((found.argmax(dim=0) == prior.argmax(dim=0)).float().mean()) > 0.95


def test_every_structure_of_the_brain_has_a_kind_and_background_has_none() -> None:
    kinds = tissue_kinds()
    assert len(kinds) == len(STRUCTURES)
    assert kinds[index_of("background")] == 0
    assert sorted(set(kinds.tolist())) == list(range(KINDS))
    assert int((kinds == 0).sum()) == 1


def test_the_fine_look_is_shown_the_picture_itself_in_its_place() -> None:
    torch.manual_seed(0)
    network = BrainCascade3d(18, **SMALL).eval()
    picture = torch.rand(1, 1, 64, 64, 64)
    shown = network.evidence(picture, network.coarse(picture))
    assert shown.shape == (1, 8 + 8 * KINDS + 18, 32, 32, 32)
    assert torch.equal(shown[:, :8], gather_blocks(picture))
    shares = shown[0, 8 : 8 + 8 * KINDS].reshape(KINDS, 8, 32, 32, 32).sum(dim=0)
    assert torch.allclose(shares, torch.ones_like(shares), atol=1e-5)
    assert network(picture).shape == (1, 18, 64, 64, 64)


def test_the_coarse_look_learns_nothing_from_the_fine_one() -> None:
    torch.manual_seed(0)
    network = BrainCascade3d(18, **SMALL)
    network.blocks(torch.rand(1, 1, 64, 64, 64)).sum().backward()  # type: ignore[no-untyped-call]
    assert all(weight.grad is None for weight in network.coarse.parameters())
    assert any(bool(np.any(w.grad.numpy())) for w in network.fine.parameters() if w.grad is not None)


def test_the_second_look_is_shown_what_the_first_one_found() -> None:
    torch.manual_seed(0)
    network = BrainCascade3d(18, **SMALL).eval()
    picture = torch.rand(1, 1, 64, 64, 64)
    with torch.inference_mode():
        first = network.fine(network.evidence(picture, network.coarse(picture)))
        assert torch.equal(network.blocks(picture, looks=1).flatten(1, 2), first)
        found = scatter_blocks(first.reshape(1, 18, 8, 32, 32, 32))
        second = network.fine(network.evidence(picture, found))
        assert torch.equal(network.blocks(picture, looks=2).flatten(1, 2), second)
        assert torch.equal(network(picture), scatter_blocks(second.reshape(1, 18, 8, 32, 32, 32)))
