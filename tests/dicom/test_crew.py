"""Threads that take their work themselves: everything once, errors told, nothing left running."""

from __future__ import annotations

import threading

import pytest

from medviewer.dicom.crew import Crew


@pytest.mark.parametrize("size", [1, 2, 8])
def test_that_everything_is_done_once_and_told(size: int) -> None:
    items = iter(range(100))
    done: list[int] = []
    with Crew(lambda: next(items, None), done.append, size, "test") as crew:
        told = [item for item, error in crew if error is None]
    assert sorted(told) == sorted(done) == list(range(100))


def test_that_an_error_is_told_with_its_item_and_stops_nothing() -> None:
    items = iter(range(10))

    def work(item: int) -> None:
        if item == 3:
            raise ValueError("three")

    with Crew(lambda: next(items, None), work, 2, "test") as crew:
        told = dict(crew)
    assert str(told.pop(3)) == "three"
    assert set(told.values()) == {None}
    assert len(told) == 9


def test_that_no_more_than_two_items_a_thread_run_ahead_of_the_listener() -> None:
    taken: list[int] = []

    def take() -> int | None:
        taken.append(len(taken))
        return taken[-1] if len(taken) <= 50 else None

    with Crew(take, lambda _: None, 3, "test") as crew:
        for count, _ in enumerate(crew, 1):
            assert len(taken) <= count - 1 + 2 * 3


def test_that_after_stop_only_what_had_begun_is_told() -> None:
    items = iter(range(1000))
    with Crew(lambda: next(items, None), lambda _: None, 2, "test") as crew:
        told = []
        for item, _ in crew:
            told.append(item)
            crew.stop()
    assert 1 <= len(told) <= 4
    assert next(items) == len(told)


def test_that_who_stops_listening_leaves_no_thread() -> None:
    items = iter(range(1000))

    def listen() -> None:
        with Crew(lambda: next(items, None), lambda _: None, 4, "left alone") as crew:
            for _ in crew:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        listen()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("left alone")]


def test_that_without_work_it_ends_at_once() -> None:
    with Crew(lambda: None, lambda _: None, 2, "test") as crew:
        assert list(crew) == []
    with Crew(lambda: None, lambda _: None, 0, "test") as crew:
        assert list(crew) == []
