"""Networks a card may name: the shapes they promise, and refusals in words."""

from __future__ import annotations

import pytest
import torch

from medviewer.ai.networks import NETWORKS, build, ramp_picture
from medviewer.errors import BundleError


def test_lung_network_keeps_the_picture_and_gives_its_classes() -> None:
    net = build("lung_unet2d", {}).eval()
    with torch.inference_mode():
        assert net(torch.zeros(2, 3, 64, 96)).shape == (2, 4, 64, 96)
    assert 500_000 < sum(p.numel() for p in net.parameters()) < 1_000_000


def test_arguments_of_the_card_shape_the_network() -> None:
    net = build("lung_unet2d", {"inputs": 1, "outputs": 2, "widths": [4, 8]}).eval()
    with torch.inference_mode():
        assert net(torch.zeros(1, 1, 10, 6)).shape == (1, 2, 10, 6)


def test_a_window_shows_the_network_its_picture_a_second_time_stretched() -> None:
    torch.manual_seed(4)
    twice = build("lung_unet2d", {"inputs": 1, "widths": [4, 8], "window": [0.25, 0.75]}).eval()
    by_hand = build("lung_unet2d", {"inputs": 2, "widths": [4, 8]}).eval()
    by_hand.load_state_dict(twice.state_dict())
    picture = torch.rand(1, 1, 16, 16) * 2 - 1
    seen = torch.cat([picture, ((picture - 0.5) * 4).clamp(-1, 1)], dim=1)
    with torch.inference_mode():
        assert torch.allclose(twice(picture), by_hand(seen), atol=1e-5)
    assert ramp_picture(twice).shape == (1, 1, 64, 64)


def test_one_picture_alone_and_in_a_batch_get_the_same_answer() -> None:
    torch.manual_seed(3)
    net = build("lung_unet2d", {"widths": [4, 8, 8]}).eval()
    pictures = torch.randn(3, 3, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(net(pictures)[1], net(pictures[1:2])[0], atol=1e-5)


def test_an_unknown_network_is_refused_and_the_known_are_named() -> None:
    with pytest.raises(BundleError, match="lung_unet2d"):
        build("resnet", {})
    assert "lung_unet2d" in NETWORKS


@pytest.mark.parametrize("args", [{"depth": 3}, {"inputs": -1}, {"window": [0.5, 0.5]}, {"window": [0.5]}])
def test_wrong_arguments_are_refused(args: dict[str, object]) -> None:
    with pytest.raises(BundleError, match="arguments"):
        build("lung_unet2d", args)


def test_the_classifier_gives_one_row_of_logits_a_picture_and_maps_of_its_last_stage() -> None:
    net = build("picture_classifier", {}).eval()
    with torch.inference_mode():
        assert net(torch.zeros(2, 1, 224, 200)).shape == (2, 2)
        assert net.maps(torch.zeros(2, 1, 224, 224)).shape == (2, 160, 7, 7)
    assert sum(p.numel() for p in net.parameters()) * 4 < 8_000_000


def test_the_classifier_is_shaped_by_its_card_and_takes_small_and_odd_pictures() -> None:
    args = {"outputs": 3, "widths": [4, 8], "blocks": [1, 2], "halvings": 0, "dropout": 0.5}
    net = build("picture_classifier", args).eval()
    pictures = torch.randn(3, 1, 29, 27)
    with torch.inference_mode():
        assert torch.allclose(net(pictures)[1], net(pictures[1:2])[0], atol=1e-5)
        assert net.maps(pictures).shape == (3, 8, 15, 14)
    for wrong in ({"width": 3}, {"widths": [4], "blocks": [1, 1]}):
        with pytest.raises(BundleError, match="arguments"):
            build("picture_classifier", wrong)


def test_the_logits_are_the_mean_of_the_weighted_maps() -> None:
    """That is what lets a picture of where the network looked add up to its answer."""
    net = build("picture_classifier", {"widths": [4, 8], "blocks": [1, 1], "halvings": 1}).eval()
    picture = torch.randn(1, 1, 32, 32)
    with torch.inference_mode():
        weighted = torch.einsum("nchw,kc->nkhw", net.maps(picture), net.head.weight)
        assert torch.allclose(weighted.mean(dim=(2, 3)) + net.head.bias, net(picture), atol=1e-5)
