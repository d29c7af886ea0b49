"""Sessions with findings decided and measurements drawn, for exports."""

from __future__ import annotations

from medviewer.imaging.reslice import Plane
from medviewer.imaging.turn import STRAIGHT, Turn
from medviewer.imaging.window import Window
from medviewer.review.export_build import facts_of
from medviewer.review.export_facts import Facts
from medviewer.review.session import Session
from medviewer.review.state import KeyImage, ReaderMeasurement
from tests.review.makers import FIRST, NOW, clock, make_result, make_scan, make_volume

LENGTH = ((2.0, 5.25, 6.5), (2.0, 9.75, 30.125))
ELLIPSE = ((2.0, 20.0, 20.0), (2.0, 20.0, 24.5), (2.0, 13.25, 20.0))


def measurement(
    kind: str, text: str, points: tuple[tuple[float, float, float], ...], **facts: object
) -> ReaderMeasurement:
    values = {"id": "", "series_key": FIRST, "plane": Plane.NATIVE, "index": round(points[0][0]), **facts}
    return ReaderMeasurement(kind=kind, text=text, points=points, **values)  # type: ignore[arg-type]


def worked(reader: str = "reader01") -> Session:
    """A result of which one finding is accepted, one rejected, one pending; four things drawn."""
    session = Session(reader, clock=clock)
    session.open(make_scan())
    session.show(FIRST)
    session.set_volume(FIRST, make_volume())
    assert session.add_result(make_result(), session.start_analysis(FIRST, "lung-ct"))
    session.accept("right")
    session.reject("left", "a pleural effusion, not lung")
    session.set_impression("No mass.")
    session.add_measurement(measurement("length", "23.4\u2009mm", LENGTH))
    session.add_measurement(measurement("angle", "91.5°", (*LENGTH, (2.0, 30.0, 30.0))))
    session.add_measurement(
        measurement("ellipse", "\u2212861\u2009±\u200934\u2009HU · 1,234.5\u2009mm²", ELLIPSE)
    )
    session.add_measurement(measurement("text", "see here", LENGTH))
    return session


def key_image(index: int, **facts: object) -> KeyImage:
    values = {
        "plane": Plane.NATIVE,
        "window": Window(-600.0, 1500.0),
        "caption": "",
        "turn": STRAIGHT,
        **facts,
    }
    return KeyImage(FIRST, index=index, **values)  # type: ignore[arg-type]


def facts(session: Session) -> Facts:
    state = session.state
    return facts_of(state, [state.result] if state.result is not None else [], NOW)


__all__ = ["Turn", "facts", "key_image", "measurement", "worked"]
