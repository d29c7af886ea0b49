"""Projections without a scale, and sessions on them, for tests of calibration."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset

from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.imaging.inplane import Scale
from medviewer.imaging.reslice import Plane, PlaneView
from medviewer.review.audit import Audit
from medviewer.review.calibration import (
    shown_volume,
)
from medviewer.review.session import Session
from medviewer.review.state import ReaderMeasurement
from tests.dicom.presentations import make_projection
from tests.factories import save
from tests.review.makers import clock

ROWS, COLUMNS = 60, 80
BY = "mm, calibrated by reader: Reader, 21 November 2026, 10:14, known length "


def projection(k: int = 0, **facts: object) -> Dataset:
    """A picture of 60 x 80 with no scale at all, but what ``facts`` say."""
    ds = make_projection(k, rows=ROWS, columns=COLUMNS)
    del ds.PixelSpacing, ds.ImagerPixelSpacing
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    return ds


def at_detector(k: int = 0, **facts: object) -> Dataset:
    return projection(k, ImagerPixelSpacing=[0.4, 0.2], **facts)


def session_on(folder: Path, *images: Dataset, audit: Audit | None = None) -> Session:
    for k, ds in enumerate(images):
        save(ds, folder / "images" / f"{k}.dcm")
    session = Session("Reader", audit, clock)
    session.open(scan([folder / "images"]))
    show(session, 0)
    session.scroll(0)
    return session


def show(session: Session, number: int) -> None:
    series = session.state.scan.all_series()[number]
    session.show(series.key)
    session.set_volume(series.key, load_series(series))


def draw(session: Session, kind: str, *points: tuple[float, float], text: str = "?", note: str = "") -> str:
    """Points are (row, column), edge-based, on the image on screen."""
    state = session.state
    at = tuple((float(state.index), float(r), float(c)) for r, c in points)
    made = ReaderMeasurement("", kind, state.series.key, Plane.NATIVE, state.index, at, text, note=note)
    return session.add_measurement(made)


def texts(session: Session) -> list[str]:
    return [m.text.replace("\u2009", " ") for m in session.state.measurements]


def scale_here(session: Session) -> Scale | None:
    view = PlaneView.of(shown_volume(session.state))
    return view.scale(session.state.index, [])
