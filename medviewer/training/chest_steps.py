"""How a frontal chest X-ray becomes the network's picture, in training and in use."""

from __future__ import annotations

from medviewer.ai.steps import Step

SIZE = 256
STEPS = (
    Step("present"),
    Step("clean"),
    Step("scale_percentiles", {"low": 0.5, "high": 99.5}),
    Step("pad_square", {"fill": 0.0}),
    Step("resize_area", {"size": [SIZE, SIZE]}),
)
