"""Networks of other people's models, written anew with the tensor names of their weights. Torch lives here.

Only the shapes, the names and the order of the layers are theirs; nothing from a model file is executed.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn


def _block(inside: int, outside: int) -> nn.Sequential:
    """Two 3 x 3 convolutions with bias, batch norm and ReLU: tensors 0, 1, 3, 4."""
    layers: list[nn.Module] = []
    for a in (inside, outside):
        layers += [nn.Conv2d(a, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def _up(inside: int, outside: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(inside, outside, 3, stride=2, padding=1, output_padding=1)


class LungUNetSmall(nn.Module):
    """The 2-D U-Net of github.com/knottwill/UNet-Small: (n, 1, H, W) of HU + 1000 -> logits (n, 2, H, W).

    It answers with one logit for "lung"; the background gets 0 beside it, so that softmax is its sigmoid.
    H and W are multiples of 8.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2, self.conv3 = _block(1, 16), _block(16, 32), _block(32, 64)
        self.middle = _block(64, 128)
        self.upsample3, self.upconv3 = _up(128, 64), _block(128, 64)
        self.upsample2, self.upconv2 = _up(64, 32), _block(64, 32)
        self.upsample1, self.upconv1 = _up(32, 16), _block(32, 16)
        self.final = nn.Conv2d(16, 1, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Logits (background, lung) for a batch of pictures."""
        full = self.conv1(picture.contiguous(memory_format=torch.channels_last))
        half = self.conv2(self.pool(full))
        quarter = self.conv3(self.pool(half))
        x = self.middle(self.pool(quarter))
        x = self.upconv3(torch.cat([self.upsample3(x), quarter], dim=1))
        x = self.upconv2(torch.cat([self.upsample2(x), half], dim=1))
        x = self.upconv1(torch.cat([self.upsample1(x), full], dim=1))
        lung = self.final(x)
        return torch.cat([torch.zeros_like(lung), lung], dim=1)


_DILATIONS = (1, 2, 4, 8, 16, 8, 4, 2, 1)


class MeshNet(nn.Sequential):
    """MeshNet (Fedorov et al. 2017, arXiv:1612.00940): (1, 1, D, H, W) -> logits (1, outputs, D, H, W).

    Nine dilated 3 x 3 x 3 convolutions of ``width`` channels, each with ``activation`` ("relu" or "elu"), and
    a 1 x 1 x 1 convolution. Without gradients, each layer's input is let go before the next begins.
    """

    def __init__(self, width: int = 5, outputs: int = 3, activation: str = "relu") -> None:
        kinds: dict[str, Callable[[], nn.Module]] = {
            "relu": lambda: nn.ReLU(inplace=True),
            "elu": lambda: nn.ELU(inplace=True),
        }
        if activation not in kinds:
            raise ValueError(f"activation is one of {', '.join(sorted(kinds))}")
        layers: list[nn.Module] = []
        for k, dilation in enumerate(_DILATIONS):
            inside = 1 if k == 0 else width
            layers.append(nn.Conv3d(inside, width, 3, padding=dilation, dilation=dilation))
            layers.append(kinds[activation]())
        super().__init__(*layers, nn.Conv3d(width, outputs, 1))


KNOWN_NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "lung_unet_small": LungUNetSmall,
    "meshnet": MeshNet,
}
"""Added to ``networks.NETWORKS``."""
