"""A session with a scan on screen, and one with a result."""

from __future__ import annotations

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
