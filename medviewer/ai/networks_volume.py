"""Networks of volumes, one at a time: blocks of voxels in, blocks of answers out. Torch lives here."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn


class VolumeBlock(nn.Module):
    """3 x 3 x 3 convolution, normalised by the picture's own mean and spread, ReLU.

    One volume at a time: then batch norm's training form *is* instance norm, by the fast kernel that works
    channels last, and nothing is kept that could differ between training and reading.
    """

    def __init__(self, inside: int, outside: int, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv3d(inside, outside, 3, stride=stride, padding=1, bias=False)
        self.weight = nn.Parameter(torch.ones(outside))
        self.bias = nn.Parameter(torch.zeros(outside))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(1, inside, D, H, W) to (1, outside, ...)."""
        x = self.convolution(x)
        x = nn.functional.batch_norm(x, None, None, self.weight, self.bias, training=True)
        return nn.functional.relu(x, inplace=True)


class BrainUNet3d(nn.Module):
    """3-D U-Net on half the resolution of its input: (1, 1, D, H, W) -> logits (1, outputs, D, H, W).

    Each 2 x 2 x 2 block of voxels enters as eight channels and leaves as eight answers (Shi et al. 2016,
    sub-pixel convolution), so that no layer is as large as the picture: four times faster on a CPU. Skips are
    added. D, H and W are even.
    """

    smallest = (1, 64, 64, 64)
    """Channels and sides of the smallest picture: below it the deepest layer has one voxel and no spread."""

    def __init__(self, outputs: int = 18, widths: tuple[int, ...] = (32, 64, 64, 96, 96)) -> None:
        super().__init__()
        self.outputs = outputs
        first = nn.Sequential(VolumeBlock(8, widths[0]), VolumeBlock(widths[0], widths[0]))
        self.encoder = nn.ModuleList([first])
        for level, (a, b) in enumerate(pairwise(widths), start=2):
            more = [] if level == len(widths) else [VolumeBlock(b, b)]
            self.encoder.append(nn.Sequential(VolumeBlock(a, b, stride=2), *more))
        rising = tuple(reversed(widths))
        self.up = nn.ModuleList([nn.ConvTranspose3d(a, b, 2, stride=2) for a, b in pairwise(rising)])
        self.decoder = nn.ModuleList([VolumeBlock(b, b) for b in rising[1:]])
        self.last = VolumeBlock(widths[0], widths[0])
        self.head = nn.Conv3d(widths[0], outputs * 8, 1)

    def blocks(self, volume: torch.Tensor) -> torch.Tensor:
        """Logits (1, outputs, 8, D/2, H/2, W/2): the third axis counts the voxels of a block (z, y, x)."""
        skips: list[torch.Tensor] = []
        x = gather_blocks(volume).contiguous(memory_format=torch.channels_last_3d)
        for level in self.encoder:
            x = level(x)
            skips.append(x)
        skips.pop()
        for up, block in zip(self.up, self.decoder, strict=True):
            skip = skips.pop()
            depth, height, width = skip.shape[2:]
            x = block(up(x)[:, :, :depth, :height, :width] + skip)
        out: torch.Tensor = self.head(self.last(x))
        return out.reshape(out.shape[0], self.outputs, 8, *out.shape[2:])

    def forward(self, volume: torch.Tensor) -> torch.Tensor:
        """Logits of every voxel."""
        return scatter_blocks(self.blocks(volume))


def gather_blocks(volume: torch.Tensor) -> torch.Tensor:
    """(n, 1, D, H, W) to (n, 8, D/2, H/2, W/2): each 2 x 2 x 2 block becomes eight channels."""
    n, _, depth, height, width = volume.shape
    x = volume.reshape(n, depth // 2, 2, height // 2, 2, width // 2, 2)
    return x.permute(0, 2, 4, 6, 1, 3, 5).reshape(n, 8, depth // 2, height // 2, width // 2)


def scatter_blocks(blocks: torch.Tensor) -> torch.Tensor:
    """(n, k, 8, d, h, w) to (n, k, 2d, 2h, 2w): the way back of :func:`gather_blocks`."""
    n, k, _, d, h, w = blocks.shape
    x = blocks.reshape(n, k, 2, 2, 2, d, h, w).permute(0, 1, 5, 2, 6, 3, 7, 4)
    return x.reshape(n, k, 2 * d, 2 * h, 2 * w)
