"""A session with a scan on screen, and one with a result; a disk that is full."""

from __future__ import annotations

import errno
import os

import pytest

from medviewer.review.session import Session
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
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is written well until it is flushed; then the disk is full."""

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
