"""Noise with the texture of a reconstruction kernel: white noise shaped by a ramp and a roll-off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Kernel:
    """A reconstruction kernel: its DICOM-like name, noise in HU, roll-off (cycles/mm), edge enhancement."""

    name: str
    sigma_hu: float
    cutoff: float
    edge: float


SOFT = Kernel("STANDARD", 11.0, 0.32, 0.0)
SHARP = Kernel("LUNG", 34.0, 0.62, 0.55)


class NoiseMaker:
    """Draws slices of kernel noise on one grid; the filter is made once."""

    def __init__(self, shape: tuple[int, int], pixel_mm: float, kernel: Kernel, streak: float = 0.0) -> None:
        fy = np.fft.fftfreq(shape[0], pixel_mm)[:, None]
        fx = np.fft.rfftfreq(shape[1], pixel_mm)[None, :]
        f = np.hypot(fy, fx)
        soft = np.sqrt(f / (f + 0.08)) * np.exp(-((f / kernel.cutoff) ** 2))
        fan = 1 + streak * np.exp(-((fx / 0.03) ** 2)) * (np.abs(fy) < 0.4)
        self._filter = np.asarray(soft * fan, dtype=np.float32)
        self._shape = shape
        power = float((self._filter[:, 1:-1] ** 2).sum() * 2 + (self._filter[:, [0, -1]] ** 2).sum())
        self._gain = kernel.sigma_hu / np.sqrt(power / (shape[0] * shape[1]))

    def slice(self, seed: tuple[int, int]) -> NDArray[np.float32]:
        """One (rows, columns) slice, mean 0; the same seed gives the same slice in any thread."""
        white = np.random.default_rng(seed).standard_normal(self._shape, dtype=np.float32)
        shaped = np.fft.irfft2(np.fft.rfft2(white) * self._filter, s=self._shape)
        return np.asarray(shaped * np.float32(self._gain), dtype=np.float32)


def sharpen(picture: NDArray[np.float32], amount: float) -> None:
    """Edge enhancement in place: what a lung kernel does to every border."""
    if amount <= 0:
        return
    soft = picture.copy()
    soft[1:-1] = (picture[:-2] + 2 * picture[1:-1] + picture[2:]) / 4
    soft[:, 1:-1] = (soft[:, :-2] + 2 * soft[:, 1:-1] + soft[:, 2:]) / 4
    picture += np.float32(amount) * (picture - soft)
