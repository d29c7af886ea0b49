"""Logits as probabilities: torch says the same, extremes overflow nowhere, precision stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from medviewer.ai.probabilities import sigmoid, softmax

LOGITS = np.array([[-1000.0, -3.5, 0.0], [0.25, 40.0, 1000.0]])


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_that_an_answer_alone_is_what_torch_says(precision: Any) -> None:
    logits = LOGITS.astype(precision)
    found = sigmoid(logits)
    assert found.dtype == precision
    np.testing.assert_allclose(found, torch.sigmoid(torch.from_numpy(logits)).numpy(), atol=1e-7)
    assert found[0, 2] == 0.5


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_that_answers_that_compete_are_what_torch_says(precision: Any, axis: int) -> None:
    logits = LOGITS.astype(precision)
    found = softmax(logits, axis)
    assert found.dtype == precision
    np.testing.assert_allclose(found, torch.softmax(torch.from_numpy(logits), axis).numpy(), atol=1e-7)
    np.testing.assert_array_equal(logits, LOGITS.astype(precision))
