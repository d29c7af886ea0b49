"""A session with a scan on screen, and one with a result; a disk that is full."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from medviewer.imaging.inplane import Scale
from medviewer.imaging.reslice import Plane
from medviewer.imaging.turn import Turn
from medviewer.review.kept_work import KeptWork
from medviewer.review.session import Session
from medviewer.review.state import Calibration, KeyImage, ReaderMeasurement, ReaderThreshold
from medviewer.review.work_store import WorkStore
from tests.factories import make_ct_series
from tests.review.kept import NOW, WINDOW, kept
from tests.review.makers import FIRST, clock, make_result, make_scan


@pytest.fixture
def session() -> Session:
    session = Session("reader01", clock=clock)
    session.open(make_scan())
    session.show(FIRST)
    return session


@pytest.fixture
def analysed(session: Session) -> Session:
    assert session.add_result(make_result(), session.start_analysis(FIRST, "lung-ct"))
    return session


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Seven images of 16 x 11: no row is a whole number of bytes."""
    make_ct_series(tmp_path / "in", slices=7, columns=11)
    return tmp_path / "in"


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is written well until it is flushed; then the disk is full."""

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)


@pytest.fixture
def busy(analysed: Session) -> Session:
    """A session with work of every kind."""
    analysed.accept("laa")
    analysed.reject("left", "cut off")
    analysed.set_impression("Émphysème; 所見なし")
    analysed.add_measurement(
        ReaderMeasurement("", "length", FIRST, Plane.NATIVE, 3, ((3.0, 1.5, 2.5), (3.0, 9.0, 2.5)), "6.0 mm")
    )
    analysed.add_key_image(KeyImage(FIRST, Plane.CORONAL, 7, WINDOW, "here", Turn(1, True)))
    scale = Scale(0.2, 0.2, "mm (calibrated by reader)", "by reader01")
    calibration = Calibration(FIRST, "P1", frozenset({("1.2.3.1.0", 0)}), scale, "reader01", "t")
    threshold = ReaderThreshold("P1", "lung-ct", "1.0.0", "Nodule", 0.3, 0.5)
    analysed._state = replace(analysed.state, calibrations=(calibration,), thresholds=(threshold,))
    return analysed


@pytest.fixture
def work(busy: Session) -> KeptWork:
    return kept(busy)


@pytest.fixture
def store(tmp_path: Path) -> WorkStore:
    return WorkStore(tmp_path / "work", lambda: NOW)
