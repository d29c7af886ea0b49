"""Which part of a picture a view needs, and whether the part it has still serves. No Qt."""

from __future__ import annotations

from medviewer.imaging.part import Part, Span, reaches, span_on_screen
from medviewer.ui.camera import Camera

_SMALL = 1 << 20
"""Pictures of so many pixels are taken whole when enlarged: panning then costs nothing."""
_SLACK = 0.25
"""Of the view's length, kept on either side for panning."""


def part_in_sight(camera: Camera, ratio: float, *, around: bool = True) -> Part:
    """What to bring to the screen. ``ratio``: device pixels per device-independent one; ``around``: with what
    comes into sight by panning, not worth its cost for one step of zooming."""
    spans = [
        span_on_screen(scale, offset, length, size, slack=_SLACK * length if around else 0.0)
        for scale, offset, length, size in _axes(camera, ratio)
    ]
    part = Part(spans[0], spans[1])
    rows, columns = camera.shape
    return Part(Span.whole(rows), Span.whole(columns)) if part.exact and rows * columns <= _SMALL else part


def serves(part: Part, camera: Camera, ratio: float) -> bool:
    """Whether a part made earlier shows all that the camera sees, as sharp as the screen is."""
    if (part.rows.size, part.columns.size) != camera.shape:
        return False
    spans = (part.rows, part.columns)
    return all(
        reaches(span, scale, offset, length)
        for span, (scale, offset, length, _) in zip(spans, _axes(camera, ratio), strict=True)
    )


def _axes(camera: Camera, ratio: float) -> tuple[tuple[float, float, float, int], ...]:
    """(scale, offset, length, size) down and across, in device pixels."""
    (sx, sy), (ox, oy) = camera.scale, camera.offset
    return (
        (sy * ratio, oy * ratio, camera.size[1] * ratio, camera.shape[0]),
        (sx * ratio, ox * ratio, camera.size[0] * ratio, camera.shape[1]),
    )
