"""The log: no patient in it, one line a record, private, and a disk that refuses costs nothing else."""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from pathlib import Path

import pytest

from medviewer import logs
from medviewer.redaction import REDACTOR
from tests.conftest import ExpectLog

NAME = "Zzwurmbrand^Xaveria"
log = logging.getLogger("medviewer.test")


@pytest.fixture(autouse=True)
def learned(monkeypatch: pytest.MonkeyPatch) -> None:
    """One name alone: what tests before learned ("test" among it) would be taken out too."""
    monkeypatch.setattr(REDACTOR, "_known", {})
    monkeypatch.setattr(REDACTOR, "_pattern", None)
    REDACTOR.learn([NAME])


def said() -> str:
    return logs.log_path().read_text(encoding="utf-8")


def test_that_message_arguments_and_exception_are_cleaned(
    expected_log: ExpectLog, capsys: pytest.CaptureFixture[str]
) -> None:
    expected_log("Zzwurmbrand")
    with logs.kept():
        try:
            raise ValueError(f"not a name: {NAME}")
        except ValueError:
            log.exception("of %s\nfaked line", "Zzwurmbrand")
    assert "zzwurmbrand" not in said().lower() + capsys.readouterr().err.lower()
    assert "ValueError (test_logs.py" in said()
    assert said().count("\n") == 1
    assert os.name == "nt" or logs.log_path().stat().st_mode & 0o077 == 0


def test_that_warnings_threads_and_lost_errors_take_the_same_way(
    expected_log: ExpectLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in ("UserWarning", "bug in a thread: KeyError", "bug: RuntimeError"):
        expected_log(words)

    def die() -> None:
        raise KeyError(NAME)

    with logs.kept(), warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = logs._warned
        warnings.warn(f"value {NAME} is odd", stacklevel=1)
        thread = threading.Thread(target=die)
        thread.start()
        thread.join()
        error = RuntimeError(NAME)
        sys.unraisablehook(type("U", (), {"exc_value": error})())  # type: ignore[arg-type]
    assert said().count("\n") == 3
    assert "zzwurmbrand" not in said().lower()


def test_that_nothing_is_written_where_nothing_is_said() -> None:
    with logs.kept():
        log.debug("quiet")
    assert not logs.log_path().exists()


def test_that_a_log_that_cannot_be_written_stops_nothing(own_home: Path, expected_log: ExpectLog) -> None:
    expected_log("lost")
    own_home.mkdir(parents=True)
    (own_home / "state").touch()
    with logs.kept():
        log.warning("lost")


def test_that_a_bug_at_the_end_of_the_program_tells_its_way_alone(capsys: pytest.CaptureFixture[str]) -> None:
    error = ValueError(NAME)
    logs.told_hook(ValueError, error, None)
    assert capsys.readouterr().err == "bug: ValueError ()\n"
