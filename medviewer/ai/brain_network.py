"""The network that reads brains: a coarse look, what grey values make of it, a fine look. Torch lives here.

The coarse network learns where a brain's parts lie, whatever their brightness, and little of their borders.
Between the two looks the brightness of six kinds of tissue in this very picture is estimated by expectation
maximisation, the coarse answer being each voxel's prior (Van Leemput et al. 1999, IEEE TMI 18:897). The fine
network is shown the picture, those six probabilities and the coarse answer: whatever the contrast, white
matter comes to it as white matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from medviewer.ai.brain_labels import STRUCTURES
from medviewer.ai.networks_volume import BrainUNet3d, VolumeBlock, gather_blocks, scatter_blocks

_TISSUES = (
    ("cerebral_white_matter", "cerebellar_white_matter"),
    ("cerebral_cortex", "cerebellar_cortex", "hippocampus", "amygdala"),
    ("caudate", "putamen"),
    ("pallidum", "thalamus", "ventral_diencephalon", "brain_stem"),
    ("lateral_ventricle", "third_ventricle", "fourth_ventricle", "csf"),
)
"""Structures of one brightness. What is in none of them is the sixth kind: everything outside the brain."""
KINDS = 1 + len(_TISSUES)
_OUTSIDE = 3
"""Gaussians for what lies outside the brain: air, bone and fat differ."""
_ROUNDS = 10
_FLOOR = 1e-3
"""Least prior of a kind: the coarse look may be wrong."""
_SPREAD, _SPREAD_VOXELS = 0.03, 10.0
"""A spread that no kind falls far below, and how many voxels speak for it."""
_LEAST_VARIANCE = 2e-4
LOOKS = 2
"""Fine looks: a better answer makes a better prior for the next one."""


def tissue_kinds() -> torch.Tensor:
    """For each class of STRUCTURES its kind, 0 outside the brain."""
    found = {name: k for k, names in enumerate(_TISSUES, start=1) for name in names}
    return torch.tensor([found.get(structure.name, 0) for structure in STRUCTURES])


def tissue_evidence(picture: torch.Tensor, prior: torch.Tensor) -> torch.Tensor:
    """Probability of each kind in each voxel, (KINDS, D, H, W), from grey values and ``prior`` (the same).

    Gaussians are fitted on every second voxel of each axis; all voxels are then judged by them.
    """
    gaussian_of = torch.tensor([0] * _OUTSIDE + list(range(1, KINDS)), device=picture.device)
    some, some_prior = picture[::2, ::2, ::2].flatten(), prior[:, ::2, ::2, ::2].flatten(1)
    share = _first_shares(some, some_prior[gaussian_of])
    log_prior = some_prior.clamp_min(_FLOOR).log()[gaussian_of]
    for _ in range(_ROUNDS):
        mean, variance, weight = _fitted(some, share)
        share = torch.softmax(_log_likelihood(some, mean, variance) + (weight[:, None] + log_prior), dim=0)
    mean, variance, weight = _fitted(some, share)
    grey = picture.flatten()
    whole = _log_likelihood(grey, mean, variance) + weight[:, None]
    whole += prior.flatten(1).clamp_min(_FLOOR).log()[gaussian_of]
    whole = torch.softmax(whole, dim=0)
    outside = whole[:_OUTSIDE].sum(dim=0, keepdim=True)
    return torch.cat([outside, whole[_OUTSIDE:]]).reshape(KINDS, *picture.shape)


def _first_shares(grey: torch.Tensor, prior: torch.Tensor) -> torch.Tensor:
    """Whose voxel is whose to begin with: outside the brain the dark, the middle and the bright apart."""
    marks = torch.quantile(grey[::13], torch.tensor([0.1, 0.5, 0.9], device=grey.device))
    share = prior.clone()
    for k in range(_OUTSIDE):
        share[k] *= torch.exp(-((grey - marks[k]) ** 2) / (2 * 0.15**2))
    return share / share.sum(dim=0, keepdim=True).clamp_min(1e-12)


def _fitted(grey: torch.Tensor, share: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Mean and variance of each Gaussian, and the logarithm of its part in its kind."""
    count = share.sum(dim=1) + 1e-3
    mean = (share @ grey) / count
    variance = ((share @ grey**2) / count - mean**2).clamp_min(0)
    variance = (variance * count + _SPREAD_VOXELS * _SPREAD**2) / (count + _SPREAD_VOXELS)
    weight = torch.zeros_like(mean)
    weight[:_OUTSIDE] = (count[:_OUTSIDE] / count[:_OUTSIDE].sum()).log()
    return mean, variance.clamp_min(_LEAST_VARIANCE), weight


def _log_likelihood(grey: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor) -> torch.Tensor:
    """(Gaussians, voxels), without the constant all have in common."""
    off = (grey[None] - mean[:, None]) ** 2 / variance[:, None]
    return -0.5 * (off + variance.log()[:, None])


class _FineUNet3d(nn.Module):
    """3-D U-Net over blocks: (1, inputs, d, h, w) -> (1, outputs * 8, d, h, w); skips are concatenated."""

    def __init__(self, inputs: int, outputs: int, widths: Sequence[int]) -> None:
        super().__init__()
        first = nn.Sequential(VolumeBlock(inputs, widths[0]), VolumeBlock(widths[0], widths[0]))
        self.encoder = nn.ModuleList([first])
        for level, (a, b) in enumerate(pairwise(widths), start=2):
            more = [] if level == len(widths) else [VolumeBlock(b, b)]
            self.encoder.append(nn.Sequential(VolumeBlock(a, b, stride=2), *more))
        rising = tuple(reversed(widths))
        self.up = nn.ModuleList([nn.ConvTranspose3d(a, b, 2, stride=2) for a, b in pairwise(rising)])
        self.decoder = nn.ModuleList([VolumeBlock(2 * b, b) for b in rising[1:]])
        self.last = VolumeBlock(widths[0], widths[0])
        self.head = nn.Conv3d(widths[0], outputs * 8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of every voxel of every block."""
        skips: list[torch.Tensor] = []
        x = x.contiguous(memory_format=torch.channels_last_3d)
        for level in self.encoder:
            x = level(x)
            skips.append(x)
        skips.pop()
        for up, block in zip(self.up, self.decoder, strict=True):
            skip = skips.pop()
            depth, height, width = skip.shape[2:]
            x = block(torch.cat([up(x)[:, :, :depth, :height, :width], skip], dim=1))
        out: torch.Tensor = self.head(self.last(x))
        return out


class BrainCascade3d(nn.Module):
    """Coarse look, tissue evidence, fine look: (1, 1, D, H, W) -> logits (1, outputs, D, H, W).

    The last output is the side's; D, H and W are even. The coarse network's answer reaches the fine one
    without gradient: each is trained for itself.
    """

    smallest = BrainUNet3d.smallest

    def __init__(
        self,
        outputs: int = 18,
        coarse: tuple[int, ...] = (32, 64, 64, 96, 96),
        widths: tuple[int, ...] = (32, 64, 64, 96),
    ) -> None:
        if outputs != len(STRUCTURES) + 1:
            raise ValueError(f"it answers {len(STRUCTURES)} classes and the side")
        super().__init__()
        self.outputs = outputs
        self.coarse = BrainUNet3d(outputs, coarse)
        self.fine = _FineUNet3d(8 + 8 * KINDS + outputs, outputs, widths)

    def blocks(self, volume: torch.Tensor, looks: int = LOOKS) -> torch.Tensor:
        """Logits of the last fine look, (1, outputs, 8, D/2, H/2, W/2), as :meth:`BrainUNet3d.blocks`.

        The second fine look is shown what the first one found in place of the coarse answer.
        """
        with torch.no_grad():
            shown = self.evidence(volume, self.coarse(volume))
            for _ in range(looks - 1):
                shown = self.evidence(volume, scatter_blocks(self._fine(shown)))
        return self._fine(shown)

    @torch.no_grad()
    def evidence(self, volume: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        """What the fine network is shown, (1, 8 + 8 * KINDS + outputs, D/2, H/2, W/2).

        ``before``: logits (1, outputs, D, H, W) of the look before.
        """
        logits = before[0].float()
        classes, left = torch.softmax(logits[:-1], dim=0), torch.sigmoid(logits[-1:])
        with torch.autocast(volume.device.type, enabled=False):
            prior = classes.new_zeros((KINDS, *classes.shape[1:]))
            prior.index_add_(0, tissue_kinds().to(classes.device), classes)
            kinds = tissue_evidence(volume[0, 0].float(), prior)
        blocks = [gather_blocks(plane[None, None]) for plane in (volume[0, 0].float(), *kinds)]
        half = functional.avg_pool3d(torch.cat([classes, left])[None], 2)
        return torch.cat([*blocks, half], dim=1)

    def _fine(self, shown: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.fine(shown)
        return out.reshape(1, self.outputs, 8, *out.shape[2:])

    def forward(self, volume: torch.Tensor) -> torch.Tensor:
        """Logits of every voxel."""
        return scatter_blocks(self.blocks(volume))
