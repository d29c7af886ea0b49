"""What a model is for, what it was trained on, how well it did, where it fails: its card."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from medviewer.ai.card import Metric, ModelCard
from medviewer.imaging.numbers import number
from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.widgets import column, label


class ModelCardDialog(Dialog):
    """The card in plain words."""

    def __init__(self, card: ModelCard, parent: QWidget | None) -> None:
        super().__init__(f"{card.title} {card.version}", parent, width=600)
        self.resize(640, 640)
        inside = QWidget()
        layout = column(inside, margin=4, spacing=6)
        for title, lines in sections(card):
            _section(layout, title, lines)
        layout.addStretch(1)
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        self.body.addWidget(area, 1)
        self.add_close()


def sections(card: ModelCard) -> list[tuple[str, tuple[str, ...]]]:
    """(title, lines) of everything the card says."""
    wanted = card.input
    parts = " or ".join(part.lower() for part in wanted.body_parts)
    kinds = (" or ".join(wanted.modalities), " or ".join(wanted.planes), parts)
    needs = [card.guarded.capitalize() or ", ".join(kind for kind in kinds if kind)]
    if wanted.slice_spacing_mm is not None:
        low, high = wanted.slice_spacing_mm
        needs.append(f"Slices {low:g} to {number(high, 'mm', 1)} apart, at least {wanted.slices_min}")
    return [
        ("Intended use", (card.intended_use,)),
        ("Limitations", card.limitations),
        ("Needs", tuple(needs)),
        ("Measured", tuple(metric_line(metric) for metric in card.metrics) or ("Nothing was measured.",)),
        ("Trained on", card.training_data),
        ("Labels", tuple(label.title for label in card.labels)),
        ("Scores", (card.score_meaning,) if card.score_meaning else ()),
        ("Weights", (f"{card.weights.file}, SHA-256 {card.weights.sha256}",)),
        ("Licence", (card.licence,)),
        ("Changes", card.changelog),
    ]


def metric_line(metric: Metric) -> str:
    """ "Dice, both lungs: 0.981 (0.976 to 0.985), ten phantoms"."""
    spread = f" ({metric.range[0]:.3f} to {metric.range[1]:.3f})" if metric.range is not None else ""
    digits = 3 if abs(metric.value) < 10 else 1
    return f"{metric.name}: {number(metric.value, metric.unit, digits)}{spread}, {metric.data}"


def _section(layout: QVBoxLayout, title: str, lines: tuple[str, ...]) -> None:
    if not lines:
        return
    layout.addSpacing(4)
    layout.addWidget(label(title.upper(), "section"))
    for line in lines:
        layout.addWidget(label(line, wrap=True))
