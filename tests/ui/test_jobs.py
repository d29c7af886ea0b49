"""A job ends exactly once, in the window's thread; lanes keep their word."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot

from medviewer.errors import Cancelled, MedviewerError
from medviewer.ui.crash import UnexpectedError
from medviewer.ui.jobs import Job, JobContext, JobRunner

PATIENCE = 10_000


class Listener(QObject):
    """Writes down what a job says, and on which thread."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.said: list[str] = []
        self.values: list[object] = []
        self.news: list[object] = []
        self.fractions: list[float] = []
        self.threads: set[QThread] = set()
        job.succeeded.connect(self.succeeded)
        job.failed.connect(self.failed)
        job.cancelled.connect(self.cancelled)
        job.told.connect(self.told)
        job.progress.connect(self.progress)

    def _note(self, word: str) -> None:
        self.said.append(word)
        self.threads.add(QThread.currentThread())

    def succeeded(self, value: object) -> None:
        self.values.append(value)
        self._note("succeeded")

    def failed(self, error: object) -> None:
        self.values.append(error)
        self._note("failed")

    def cancelled(self) -> None:
        self._note("cancelled")

    def told(self, news: list[object]) -> None:
        self.news += news

    def progress(self, fraction: float, text: str) -> None:
        self.fractions.append(fraction)


@pytest.fixture
def runner() -> Iterator[JobRunner]:
    made = JobRunner()
    yield made
    made.shutdown()


def held(gate: threading.Event) -> object:
    """Work that waits for the gate and hears a cancel."""

    def work(context: JobContext) -> str:
        while not gate.wait(0.002):
            context.check()
        return "done"

    return work


def test_that_a_job_hands_over_what_its_work_returns(qtbot: QtBot, runner: JobRunner) -> None:
    job = runner.submit("open", lambda _: 42)
    listener = Listener(job)
    with qtbot.waitSignal(job.ended, timeout=PATIENCE):
        pass
    assert listener.said == ["succeeded"]
    assert listener.values == [42]
    assert listener.threads == {QThread.currentThread()}


def test_that_a_job_fails_with_the_readers_sentence(qtbot: QtBot, runner: JobRunner) -> None:
    def work(_: JobContext) -> None:
        raise MedviewerError("The disk is full.", "Choose another folder.")

    job = runner.submit("export", work)
    listener = Listener(job)
    with qtbot.waitSignal(job.ended, timeout=PATIENCE):
        pass
    assert listener.said == ["failed"]
    assert str(listener.values[0]) == "The disk is full."


def test_that_a_bug_becomes_a_sentence_and_its_message_is_kept_out_of_the_log(
    qtbot: QtBot, runner: JobRunner, expected_log: object, caplog: pytest.LogCaptureFixture
) -> None:
    expected_log("bug: ZeroDivisionError")  # type: ignore[operator]

    def work(_: JobContext) -> None:
        raise ZeroDivisionError("Doe^Jane")

    job = runner.submit("export", work)
    listener = Listener(job)
    with qtbot.waitSignal(job.ended, timeout=PATIENCE):
        pass
    assert listener.said == ["failed"]
    assert isinstance(listener.values[0], UnexpectedError)
    assert "ZeroDivisionError in test_jobs.py" in str(listener.values[0])
    assert "Doe" not in caplog.text + str(listener.values[0])


def test_that_a_cancelled_job_ends_as_cancelled_even_when_its_work_was_just_done(
    qtbot: QtBot, runner: JobRunner
) -> None:
    done = threading.Event()

    def work(_: JobContext) -> str:
        done.set()
        return "done"

    job = runner.submit("open", work)
    listener = Listener(job)
    assert done.wait(10)
    job.cancel()
    with qtbot.waitSignal(job.ended, timeout=PATIENCE):
        pass
    assert listener.said == ["cancelled"]


def test_that_work_which_raises_cancelled_is_cancelled_and_not_failed(
    qtbot: QtBot, runner: JobRunner
) -> None:
    def work(_: JobContext) -> None:
        raise Cancelled

    job = runner.submit("open", work)
    listener = Listener(job)
    with qtbot.waitSignal(job.ended, timeout=PATIENCE):
        pass
    assert listener.said == ["cancelled"]


def test_that_a_flood_of_news_comes_whole_in_order_and_in_few_calls(qtbot: QtBot, runner: JobRunner) -> None:
    def work(context: JobContext) -> None:
        for k in range(5000):
            context.tell(k)
            context.report(k / 5000, "")
        context.report(1.0, "")

    job = runner.submit("open", work)
    listener = Listener(job)
    with qtbot.waitSignal(job.ended, timeout=PATIENCE):
        pass
    assert listener.news == list(range(5000))
    assert listener.fractions == sorted(listener.fractions)
    assert listener.fractions[-1] == 1.0
    assert len(listener.fractions) < 1000


def test_that_nothing_is_told_after_a_cancel(qtbot: QtBot, runner: JobRunner) -> None:
    told, go_on = threading.Event(), threading.Event()

    def work(context: JobContext) -> None:
        context.tell("before")
        told.set()
        go_on.wait(10)
        context.tell("after")

    job = runner.submit("open", work)
    listener = Listener(job)
    assert told.wait(10)
    job.cancel()
    go_on.set()
    with qtbot.waitSignal(job.ended, timeout=PATIENCE):
        pass
    assert listener.news == []


def test_that_the_newest_request_wins_in_the_open_lane(qtbot: QtBot, runner: JobRunner) -> None:
    gate = threading.Event()
    first = runner.submit("open", held(gate))  # type: ignore[arg-type]
    older = Listener(first)
    second = runner.submit("open", held(gate))  # type: ignore[arg-type]
    newer = Listener(second)
    with qtbot.waitSignal(first.ended, timeout=PATIENCE):
        pass
    gate.set()
    with qtbot.waitSignal(second.ended, timeout=PATIENCE):
        pass
    assert (older.said, newer.said) == (["cancelled"], ["succeeded"])


def test_that_a_queue_runs_one_at_a_time_in_order(qtbot: QtBot, runner: JobRunner) -> None:
    order: list[str] = []
    running = threading.Semaphore(1)

    def work(name: str) -> object:
        def run(_: JobContext) -> None:
            assert running.acquire(blocking=False)
            order.append(name)
            running.release()

        return run

    jobs = [runner.submit("analyze", work(name)) for name in "abc"]  # type: ignore[arg-type]
    with qtbot.waitSignals([job.ended for job in jobs], timeout=PATIENCE):
        pass
    assert order == ["a", "b", "c"]
    assert not runner.busy("analyze")


def test_that_a_job_cancelled_while_waiting_never_begins(qtbot: QtBot, runner: JobRunner) -> None:
    gate, begun = threading.Event(), threading.Event()
    first = runner.submit("analyze", held(gate))  # type: ignore[arg-type]
    second = runner.submit("analyze", lambda _: begun.set())
    listeners = Listener(first), Listener(second)
    with qtbot.waitSignals([first.ended, second.ended], timeout=PATIENCE):
        runner.cancel("analyze")
    assert [x.said for x in listeners] == [["cancelled"], ["cancelled"]]
    assert not begun.is_set()


def test_that_shutdown_ends_every_job_at_once_and_takes_no_more(qtbot: QtBot) -> None:
    runner, gate = JobRunner(), threading.Event()
    jobs = [runner.submit(lane, held(gate)) for lane in ("open", "analyze", "analyze", "export")]  # type: ignore[arg-type]
    listeners = [Listener(job) for job in jobs]
    runner.shutdown()
    assert [x.said for x in listeners] == [["cancelled"]] * 4
    assert not any(job.isRunning() for job in jobs)
    with pytest.raises(RuntimeError, match="closing"):
        runner.submit("open", lambda _: None)


def test_that_a_lane_must_be_known(runner: JobRunner) -> None:
    with pytest.raises(KeyError):
        runner.submit("elsewhere", lambda _: None)
