"""What tests of kept work share: a keyring in memory, a key, sessions."""

from __future__ import annotations

from medviewer.imaging.window import VoiLut, Window
from medviewer.review.kept_work import KeptWork, work_on
from medviewer.review.keys import KeyringKey
from medviewer.review.session import Session
from tests.review.makers import FIRST, clock, make_scan

KEY = KeyringKey(bytes(range(32)))
NOW = 1_800_000_000.0
WINDOW = Window(40, 400, lut=VoiLut(0, 8, b"\0\1\xff\2"), colours="pet")


class Ring:
    """A keyring that lives in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, user: str) -> str | None:
        return self.kept.get((service, user))

    def set_password(self, service: str, user: str, password: str) -> None:
        self.kept[service, user] = password


def kept(session: Session) -> KeptWork:
    state = session.state
    assert state.patient is not None
    assert state.study is not None
    return work_on(state, state.patient, state.study, "2026-11-21T14:03:00+00:00")


def fresh() -> Session:
    session = Session("reader02", clock=clock)
    session.open(make_scan())
    session.show(FIRST)
    return session
