"""ANALYZE: model cards, suitability, inference, findings. torch in ``networks`` and ``runner`` only."""
