"""Logits as probabilities, in the precision they come in."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)


def sigmoid(logits: NDArray[Float]) -> NDArray[Float]:
    """1 / (1 + exp(-logit)) of each answer that stands alone, without overflow."""
    chances: NDArray[Float] = 0.5 * (1 + np.tanh(0.5 * logits))
    return chances


def softmax(logits: NDArray[Float], axis: int) -> NDArray[Float]:
    """Shares of answers along ``axis`` of which one is true: positive, their sum 1, without overflow."""
    shares: NDArray[Float] = np.exp(logits - logits.max(axis=axis, keepdims=True))
    shares /= shares.sum(axis=axis, keepdims=True)  # in place: a brain's classes are a large array
    return shares
