"""The reader's work between two runs: encrypted, bound to its study, two generations, given back in place."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from medviewer.errors import UsageError, WriteError
from medviewer.imaging.inplane import Scale
from medviewer.imaging.reslice import Plane
from medviewer.imaging.turn import Turn
from medviewer.imaging.window import VoiLut, Window
from medviewer.review import keys
from medviewer.review.kept_work import KeptWork, decode, encode, work_on
from medviewer.review.keys import KeyringKey, PassphraseKey
from medviewer.review.session import Session
from medviewer.review.state import (
    Calibration,
    KeyImage,
    ReaderMeasurement,
    ReaderThreshold,
    Verdict,
    study_key,
)
from medviewer.review.work_store import WorkRefused, WorkStore
from tests.review.makers import FIRST, clock, make_result, make_scan, make_series, provenance

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


def kept(session: Session) -> KeptWork:
    state = session.state
    assert state.patient is not None
    assert state.study is not None
    return work_on(state, state.patient, state.study, "2026-11-21T14:03:00+00:00")


@pytest.fixture
def work(busy: Session) -> KeptWork:
    return kept(busy)


@pytest.fixture
def store(tmp_path: Path) -> WorkStore:
    return WorkStore(tmp_path / "work", lambda: NOW)


def files(store: WorkStore) -> list[Path]:
    return sorted(store._folder.iterdir())


def fresh() -> Session:
    session = Session("reader02", clock=clock)
    session.open(make_scan())
    session.show(FIRST)
    return session


def test_that_work_of_every_kind_survives_to_the_letter(work: KeptWork, store: WorkStore) -> None:
    assert len(work.decisions) == 2
    assert decode(encode(work)) == work
    store.save(work, KEY)
    found = store.load(work.study, KEY)
    assert found is not None
    assert (found.work, found.is_older) == (work, False)


def test_that_nothing_of_it_can_be_read_from_the_disk(work: KeptWork, store: WorkStore) -> None:
    store.save(work, KEY)
    (path,) = files(store)
    for word in ("Emph", "Émph", "所見", "length", "1.2.3", "reader01"):
        assert word.encode() not in path.read_bytes()
        assert word not in path.name
    assert os.name == "nt" or (path.stat().st_mode & 0o077, path.parent.stat().st_mode & 0o077) == (0, 0)


def test_that_every_touched_byte_is_seen(work: KeptWork, store: WorkStore) -> None:
    store.save(work, KEY)
    (path,) = files(store)
    whole = path.read_bytes()
    for place in (0, 8, 9, 45, 50, 60, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(WorkRefused, match="refused"):
            store.load(work.study, KEY)
    path.write_bytes(whole[:30])
    with pytest.raises(WorkRefused):
        store.load(work.study, KEY)


def test_that_the_file_of_another_study_or_key_is_refused(work: KeptWork, store: WorkStore) -> None:
    store.save(work, KEY)
    store.save(replace(work, study="P2 9.9"), KEY)
    mine, other = store._paths(work.study)[0], store._paths("P2 9.9")[0]
    os.replace(other, mine)
    with pytest.raises(WorkRefused):
        store.load(work.study, KEY)
    store.save(work, KeyringKey(bytes(32)))
    store.discard("P2 9.9")
    with pytest.raises(WorkRefused):
        WorkStore(store._folder).load(work.study, PassphraseKey("long enough"))


def test_that_a_damaged_newest_file_leaves_the_one_before(work: KeptWork, store: WorkStore) -> None:
    store.save(replace(work, impression="before"), KEY)
    store.save(work, KEY)
    store._paths(work.study)[0].write_bytes(b"torn")
    found = store.load(work.study, KEY)
    assert found is not None
    assert (found.work.impression, found.is_older) == ("before", True)


def test_that_a_full_disk_leaves_what_was_there(
    work: KeptWork, store: WorkStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(work, KEY)
    before = files(store)

    def full(_: int) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError):
        store.save(replace(work, impression="new"), KEY)
    assert files(store) == before
    found = store.load(work.study, KEY)
    assert found is not None
    assert found.work == work


def test_that_a_kill_between_the_renames_leaves_the_one_before(
    work: KeptWork, store: WorkStore, tmp_path: Path
) -> None:
    store.save(work, KEY)
    code = (
        "import os, sys, time, pathlib, dataclasses\n"
        "from medviewer.review.work_store import WorkStore\n"
        "from medviewer.review.keys import KeyringKey\n"
        "store, key = WorkStore(pathlib.Path(sys.argv[1])), KeyringKey(bytes(range(32)))\n"
        "work = store.load(sys.argv[2], key).work\n"
        "rename, count = os.replace, int(sys.argv[3])\n"
        "def replace(a, b):\n"
        "    global count\n"
        "    count -= 1\n"
        "    rename(a, b) if count >= 0 else os.kill(os.getpid(), 9)\n"
        "os.replace = replace\n"
        "store.save(dataclasses.replace(work, impression='new'), key)"
    )
    for renames in (0, 1):
        command = [sys.executable, "-c", code, str(store._folder), work.study, str(renames)]
        assert subprocess.run(command, check=False).returncode != 0
        found = WorkStore(store._folder).load(work.study, KEY)
        assert found is not None
        assert found.work == work


def test_that_work_expires_and_leftovers_are_swept(work: KeptWork, store: WorkStore) -> None:
    store.save(work, KEY)
    leftover = store._folder / ".0123.tmp"
    leftover.touch()
    WorkStore(store._folder, lambda: NOW + 29 * 86400).sweep()
    assert store.exists(work.study)
    assert not leftover.exists()
    WorkStore(store._folder, lambda: NOW + 31 * 86400).sweep()
    assert not store.exists(work.study)


def test_that_it_comes_back_in_one_step_onto_the_same_images(work: KeptWork) -> None:
    session = fresh()
    assert session.restore(work) == 0
    state = session.state
    assert state.impression == "Émphysème; 所見なし"
    assert state.key_images == work.key_images
    assert state.calibrations == work.calibrations
    (measured,) = state.measurements
    assert replace(measured, id="m1") == work.measurements[0]
    assert session.add_measurement(replace(measured, id="", index=4)) != measured.id
    session.undo()
    session.undo()
    assert (session.state.impression, session.state.measurements) == ("", ())


def test_that_restoring_twice_doubles_nothing(work: KeptWork) -> None:
    session = fresh()
    session.restore(work)
    once = kept(session)
    session.restore(work)
    assert kept(session).same_as(once)


def test_that_what_was_done_since_stays(work: KeptWork) -> None:
    session = fresh()
    session.set_impression("New words.")
    session.restore(work)
    assert session.state.impression == "Émphysème; 所見なし\nNew words."


def test_that_other_images_under_the_same_uid_get_nothing(work: KeptWork) -> None:
    session = Session("reader02", clock=clock)
    session.open(make_scan(make_series(sops=[f"9.{k}" for k in range(8)])))
    session.show(FIRST)
    assert session.restore(work) == 3
    assert (session.state.measurements, session.state.key_images, session.state.calibrations) == ((), (), ())


def test_that_another_patients_study_gets_nothing(work: KeptWork) -> None:
    session = Session("reader02", clock=clock)
    session.open(make_scan(patient="P2"))
    session.show(FIRST)
    with pytest.raises(UsageError, match="another study"):
        session.restore(work)
    assert session.restore_decisions(work.decisions) == work.decisions


def test_that_decisions_wait_for_the_very_same_finding(work: KeptWork) -> None:
    session = fresh()
    session.restore(work)
    assert session.restore_decisions(work.decisions) == work.decisions
    other = make_result(provenance=provenance(weights_sha256="0" * 64))
    assert session.add_result(other, session.start_analysis(FIRST, "lung-ct"))
    assert session.restore_decisions(work.decisions) == work.decisions
    assert session.add_result(make_result(), session.start_analysis(FIRST, "lung-ct"))
    assert session.restore_decisions(work.decisions) == ()
    by_label = {f.label: session.state.decision_of(f.id) for f in session.state.findings}
    assert by_label["Low attenuation (LAA-950)"].verdict is Verdict.ACCEPTED
    assert (by_label["Left lung"].reason, by_label["Left lung"].reader) == ("cut off", "reader01")
    assert by_label["Right lung"].verdict is Verdict.PENDING


def test_that_a_decision_of_today_counts(work: KeptWork) -> None:
    session = fresh()
    assert session.add_result(make_result(), session.start_analysis(FIRST, "lung-ct"))
    session.reject("laa", "no")
    assert session.restore_decisions(work.decisions) == ()
    assert session.state.decision_of("laa").verdict is Verdict.REJECTED


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"schema": 1}', b"\xff", b'{"schema": "medviewer.work/1"}']
)
def test_that_what_is_no_work_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of any kind
        decode(data)


def test_that_unknown_fields_and_kinds_are_refused(work: KeptWork) -> None:
    for old, new in ((b'"index": 3', b'"index": "3"'), (b'"caption"', b'"captions"'), (b'"length"', b"7")):
        assert old in encode(work)
        with pytest.raises(ValueError):  # noqa: PT011
            decode(encode(work).replace(old, new, 1))


def test_that_the_key_is_made_once_and_stays_in_the_keyring(
    monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    ring = Ring()
    monkeypatch.setattr(keys, "system_keyring", lambda: ring)
    first, second = keys.from_keyring(), keys.from_keyring()
    assert first is not None
    assert second is not None
    assert first.bytes_for(b"") == second.bytes_for(b"")
    assert len(first.bytes_for(b"")) == 32
    assert not own_home.exists()


def test_that_no_keyring_a_locked_one_and_a_plain_file_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Locked(Ring):
        def get_password(self, service: str, user: str) -> str | None:
            raise RuntimeError("locked")

    monkeypatch.setattr(keys, "system_keyring", lambda: None)
    assert keys.from_keyring() is None
    monkeypatch.setattr(keys, "system_keyring", Locked)
    assert keys.from_keyring() is None
    plain = type("PlaintextKeyring", (), {"__module__": "keyrings.alt.file"})()
    secret = type("Keyring", (), {"__module__": "keyring.backends.SecretService"})()
    nothing = type("Keyring", (), {"__module__": "keyring.backends.fail"})()
    assert [keys._keeps_secrets(one) for one in (plain, secret, nothing)] == [False, True, False]


def test_that_a_passphrase_opens_in_another_session_and_a_wrong_one_does_not(
    work: KeptWork, store: WorkStore
) -> None:
    store.save(work, PassphraseKey("correct horse"))
    assert store.kind_of(work.study) == b"P"
    found = store.load(work.study, PassphraseKey("correct horse"))
    assert found is not None
    with pytest.raises(WorkRefused):
        store.load(work.study, PassphraseKey("correct house"))


def test_that_the_window_starts_without_keyring_and_cryptography() -> None:
    code = "import sys, medviewer.ui.app; print({'keyring', 'cryptography'} & sys.modules.keys())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"


def test_that_work_on_nothing_is_empty() -> None:
    session = fresh()
    assert kept(session).is_empty
    assert session.state.patient is not None
    assert session.state.study is not None
    assert kept(session).study == study_key(session.state.patient, session.state.study)
