"""Kept work on the disk: encrypted, bound to its study, two generations; its key in no file."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from medviewer.errors import WriteError
from medviewer.review import keys
from medviewer.review.kept_work import KeptWork, decode, encode
from medviewer.review.keys import KeyringKey, PassphraseKey
from medviewer.review.work_store import WorkRefused, WorkStore
from tests.review.edited import session_with, smaller
from tests.review.kept import KEY, NOW, Ring, kept


def files(store: WorkStore) -> list[Path]:
    return sorted(store._folder.iterdir())


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


def test_that_a_modified_outline_is_kept_and_lies_nowhere_in_the_clear(store: WorkStore) -> None:
    session = session_with()
    session.modify("right", smaller())
    work = kept(session)
    store.save(work, KEY)
    found = store.load(work.study, KEY)
    assert found is not None
    assert found.work == work
    change = session.state.decision_of("right").modification
    assert change is not None
    sealed = b"".join(path.read_bytes() for path in store._folder.iterdir())
    for plain in (change.bits, b64encode(change.bits), b"modification"):
        assert plain not in sealed


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
