"""What every test gets: a home of its own, no screen, and no tolerance for noise.

A test fails when it leaves a log record of WARNING or above that it didn't announce (``expected_log``), a
warning of Python or Qt (pytest's and pytest-qt's own settings in pyproject.toml), a live thread, or, in
``tests/ui``, a running job or an open window (see its conftest).
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from medviewer.training.demo import DemoStudy

REPOSITORY = Path(__file__).resolve().parent.parent
_HOME = Path(tempfile.mkdtemp(prefix="medviewer-tests-"))

# Before anything of the program is imported, and inherited by child processes.
os.environ["MEDVIEWER_HOME"] = str(_HOME / "collection")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYQTGRAPH_QT_LIB"] = "PySide6"

if sys.platform == "win32":
    # c10.dll may refuse to load after Qt's libraries (pytorch#166628); pytest-qt imports Qt right after this.
    import torch  # noqa: F401

# A machine with other work to do is no fault: hypothesis gives each example 200 ms by itself.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

_THREAD_PATIENCE = 5.0
"""Seconds a thread that is just ending may take."""


def pytest_sessionfinish() -> None:
    """Remove the homes of this run."""
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real studies beside the project; the test is skipped where they are absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real studies (../shared/data) are not on this machine")
    return folder


@pytest.fixture(autouse=True)
def own_home(request: pytest.FixtureRequest) -> Iterator[Path]:
    """``MEDVIEWER_HOME`` is another place for every test: no settings, audit or cache of anyone else."""
    home = _HOME / f"{abs(hash(request.node.nodeid)):x}"
    before = os.environ["MEDVIEWER_HOME"]
    os.environ["MEDVIEWER_HOME"] = str(home)
    yield home
    os.environ["MEDVIEWER_HOME"] = before


@pytest.fixture(scope="session")
def chest(tmp_path_factory: pytest.TempPathFactory) -> DemoStudy:
    """A coarse synthetic chest that the lung model takes: 24 slices of 256 x 256. Read it, change nothing."""
    from medviewer.training.demo import write_demo

    folder = tmp_path_factory.mktemp("chest")
    return write_demo(folder, 3, slices=24, size=256, spacing_mm=(10.0, 1.2, 1.2))


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """A folder with ten small CT slices; slice k holds -924 + k HU."""
    from tests.factories import make_ct_series

    make_ct_series(tmp_path / "in")
    return tmp_path / "in"


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


ExpectLog = Callable[[str], None]


@pytest.fixture
def _expected() -> list[str]:
    return []


@pytest.fixture
def expected_log(_expected: list[str]) -> ExpectLog:
    """``expected_log(regex)``: this test must log a line of WARNING or above that matches."""
    return _expected.append


@pytest.fixture(autouse=True)
def quiet_log(_expected: list[str]) -> Iterator[None]:
    """Fail on stray log records, and on announced ones that never came."""
    listener = _Listener()
    root = logging.getLogger()
    root.addHandler(listener)
    yield
    root.removeHandler(listener)
    said = [f"{r.levelname} {r.name}: {r.getMessage()}" for r in listener.records]
    stray = [line for line in said if not any(re.search(e, line) for e in _expected)]
    missing = [e for e in _expected if not any(re.search(e, line) for line in said)]
    assert not stray, "stray log records:\n" + "\n".join(stray)
    assert not missing, f"log records that never came: {missing}"


@pytest.fixture(autouse=True)
def no_live_threads() -> Iterator[None]:
    """Fail when a thread begun by the test still runs after it, naming the thread."""
    before = set(threading.enumerate())
    yield
    left = []
    for thread in set(threading.enumerate()) - before:
        # A dummy stands for a thread Python did not start (a QThread): tests/ui looks after those.
        if not isinstance(thread, threading._DummyThread):
            thread.join(_THREAD_PATIENCE)
            if thread.is_alive():
                left.append(f"{thread.name} ({getattr(thread, '_target', None)})")
    assert not left, f"threads left running: {', '.join(left)}"
