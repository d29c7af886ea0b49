"""The networks that may be named on a card. Torch lives here and in the few modules ARCHITECTURE.md names.

A card names one of :data:`NETWORKS` and gives its arguments; nothing from a model file is ever executed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from medviewer.ai.brain_network import BrainCascade3d
from medviewer.ai.known_networks import KNOWN_NETWORKS
from medviewer.errors import BundleError


class _Block(nn.Sequential):
    """Two 3 x 3 convolutions, each with batch norm (which folds into them for inference) and ReLU."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__(
            nn.Conv2d(inside, outside, 3, padding=1, bias=False),
            nn.BatchNorm2d(outside),
            nn.ReLU(inplace=True),
            nn.Conv2d(outside, outside, 3, padding=1, bias=False),
            nn.BatchNorm2d(outside),
            nn.ReLU(inplace=True),
        )


class LungUNet2d(nn.Module):
    """2.5-D U-Net: (n, inputs, H, W) -> logits (n, outputs, H, W); H and W are multiples of 2**(depth-1).

    ``widths`` are the channels from full resolution down. Skips are joined by addition-free concatenation,
    upsampling is bilinear (no checkerboard). ``window`` (low, high; in the input's values) shows the network
    each picture a second time, that range stretched over -1 to 1: fluid and compressed lung lie 20 HU apart.
    """

    def __init__(
        self,
        inputs: int = 3,
        outputs: int = 4,
        widths: tuple[int, ...] = (16, 32, 48, 80, 112),
        window: tuple[float, float] | None = None,
    ) -> None:
        super().__init__()
        if window is not None and not window[0] < window[1]:
            raise ValueError("a window needs its low end below its high end")
        self.window = window
        self.smallest = (inputs, 64, 64)
        seen = inputs if window is None else 2 * inputs
        self.encoder = nn.ModuleList([_Block(a, b) for a, b in pairwise((seen, *widths))])
        rising = tuple(reversed(widths))
        self.decoder = nn.ModuleList([_Block(a + b, b) for a, b in pairwise(rising)])
        self.pool = nn.MaxPool2d(2)
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.head = nn.Conv2d(widths[0], outputs, 1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Logits for a batch of pictures."""
        if self.window is not None:
            low, high = self.window
            stretched = ((picture - low) * (2 / (high - low)) - 1).clamp(-1, 1)
            picture = torch.cat([picture, stretched], dim=1)
        skips: list[torch.Tensor] = []
        # Channels last is two to three times faster on a CPU, and no slower on a GPU.
        x = picture.contiguous(memory_format=torch.channels_last)
        for level, block in enumerate(self.encoder):
            x = block(x if level == 0 else self.pool(x))
            skips.append(x)
        skips.pop()
        for block in self.decoder:
            x = block(torch.cat([self.up(x), skips.pop()], dim=1))
        out: torch.Tensor = self.head(x)
        return out


def _lung_unet2d(
    inputs: int = 3,
    outputs: int = 4,
    widths: tuple[int, ...] = (16, 32, 48, 80, 112),
    window: tuple[float, float] | None = None,
) -> nn.Module:
    if window is not None:
        low, high = window  # a list of JSON, of any length
        window = (low, high)
    return LungUNet2d(inputs, outputs, tuple(widths), window)


def _brain_cascade3d(
    outputs: int = 18,
    coarse: tuple[int, ...] = (32, 64, 64, 96, 96),
    widths: tuple[int, ...] = (32, 64, 64, 96),
) -> nn.Module:
    return BrainCascade3d(outputs, tuple(coarse), tuple(widths))


class _Residual(nn.Module):
    """Two 3 x 3 convolutions with batch norm (which folds into them) beside a shortcut; ``stride`` halves."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inside, outside, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outside),
            nn.ReLU(inplace=True),
            nn.Conv2d(outside, outside, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outside),
        )
        same = inside == outside and stride == 1
        pooled = nn.AvgPool2d(stride, ceil_mode=True) if stride > 1 else nn.Identity()
        self.shortcut = (
            nn.Identity()
            if same
            else nn.Sequential(pooled, nn.Conv2d(inside, outside, 1, bias=False), nn.BatchNorm2d(outside))
        )

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """The sum of both ways, rectified."""
        return torch.relu(self.body(picture) + self.shortcut(picture))


class PictureClassifier(nn.Module):
    """Residual CNN: (n, inputs, H, W) -> logits (n, outputs).

    ``widths`` are the channels of the stages, ``blocks`` how many residual blocks each has; every stage but
    the first halves the picture, and the stem does ``halvings`` times more. :meth:`maps` gives the last
    feature maps.
    """

    def __init__(
        self,
        inputs: int = 1,
        outputs: int = 2,
        *,
        widths: tuple[int, ...] = (24, 48, 96, 160),
        blocks: tuple[int, ...] = (1, 2, 2, 1),
        halvings: int = 2,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        stem: list[nn.Module] = []
        for k in range(max(1, halvings)):
            stride = 2 if k < halvings else 1
            first = inputs if k == 0 else widths[0]
            stem += [nn.Conv2d(first, widths[0], 3, stride, 1, bias=False), nn.BatchNorm2d(widths[0])]
            stem.append(nn.ReLU(inplace=True))
        self.stem = nn.Sequential(*stem)
        stages: list[nn.Module] = []
        before = widths[0]
        for level, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            for k in range(count):
                stages.append(_Residual(before, width, 2 if k == 0 and level else 1))
                before = width
        self.stages = nn.Sequential(*stages)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(before, outputs)

    def maps(self, picture: torch.Tensor) -> torch.Tensor:
        """The last feature maps, (n, widths[-1], h, w)."""
        x = picture.contiguous(memory_format=torch.channels_last)
        out: torch.Tensor = self.stages(self.stem(x))
        return out

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Logits for a batch of pictures."""
        pooled = self.maps(picture).mean(dim=(2, 3))
        out: torch.Tensor = self.head(self.dropout(pooled))
        return out


def _picture_classifier(**args: Any) -> nn.Module:
    """Lists of JSON as the tuples the class wants."""
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in args.items()}
    return PictureClassifier(**plain)


NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "lung_unet2d": _lung_unet2d,
    "picture_classifier": _picture_classifier,
    **KNOWN_NETWORKS,
    "unet2d": _lung_unet2d,
    "brain_cascade3d": _brain_cascade3d,
}
"""Every network a card may name. A new one is one more entry."""


def build(name: str, args: Mapping[str, Any]) -> nn.Module:
    """The untrained network a card names. Raises :class:`BundleError` for an unknown name or argument."""
    factory = NETWORKS.get(name)
    if factory is None:
        known = ", ".join(sorted(NETWORKS))
        raise BundleError(f"The model wants the network {name!r}; this program knows {known}.")
    try:
        return factory(**args)
    except (TypeError, ValueError, RuntimeError) as error:
        raise BundleError(f"The model's arguments do not suit the network {name!r}: {error}.") from error


def ramp_picture(network: nn.Module) -> torch.Tensor:
    """A ramp from -1 to 1 as the network's first weights want it: (1, channels, 64, 64) or a cube of 32.

    A network whose first weights see something else than its input says so itself (``smallest``).
    """
    sizes: tuple[int, ...] | None = getattr(network, "smallest", None)
    if sizes is None:
        first = next(network.parameters())
        sizes = (first.shape[1], *((32, 32, 32) if first.ndim == 5 else (64, 64)))
    shape = (1, *sizes)
    return torch.linspace(-1.0, 1.0, math.prod(shape)).reshape(shape)
