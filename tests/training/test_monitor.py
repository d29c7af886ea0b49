"""While a model learns, rows, a page and a log say how it goes; an interrupted run's are continued."""

from __future__ import annotations

import json
import logging
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from medviewer.errors import Cancelled
from medviewer.training import charts
from medviewer.training.checkpoint import BrokenTraining
from medviewer.training.monitor import PAGE, ROWS, Monitor

PICTURE = np.zeros((5, 7, 3), np.uint8)


class _Checked(HTMLParser):
    """Fails on a tag that is not closed, and collects what the page would fetch."""

    VOID = ("meta", "img", "line", "circle", "polyline", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [str(v) for k, v in attrs if k in ("src", "href", "action")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def _page(folder: Path) -> str:
    text = (folder / PAGE).read_text(encoding="utf-8")
    assert all(link.startswith("data:image/png;base64,") for link in _Checked(text).fetched)
    assert "http://" not in text
    assert "https://" not in text
    return text


def _run(folder: Path, first: int, last: int, steps: int = 100) -> Monitor:
    with Monitor(folder, "model <x>", steps, first) as monitor:
        for step in range(first + 1, last + 1):
            monitor.step(step, step / steps, {"loss": 1 / step}, 1e-3, 0.5)
        monitor.validated(last, {"auc": 0.5 + last / 1000}, True, [("case <1>", PICTURE)])
    return monitor


def test_that_rows_hold_every_step_and_every_validation(tmp_path: Path) -> None:
    _run(tmp_path, 0, 100)
    rows = [json.loads(line) for line in (tmp_path / ROWS).read_text(encoding="utf-8").splitlines()]
    train = [row for row in rows if row["kind"] == "train"]
    assert [row["step"] for row in train] == list(range(1, 101))
    assert train[9]["loss"] == pytest.approx(0.1)
    assert rows[-1] == {"kind": "validation", "step": 100, "best": True, "auc": 0.6}
    assert list(tmp_path.glob("events.out.tfevents.*"))


def test_that_rows_of_a_long_run_are_means_of_several_steps(tmp_path: Path) -> None:
    with Monitor(tmp_path, "model", 1000) as monitor:
        for step in range(1, 11):
            monitor.step(step, step / 1000, {"loss": float(step)}, 1e-3, 0.5)
    assert [(row["step"], row["loss"]) for row in monitor.rows] == [(5, 3.0), (10, 8.0)]


def test_that_the_page_is_whole_needs_no_network_and_shows_curves_and_pictures(tmp_path: Path) -> None:
    _run(tmp_path, 0, 60)
    text = _page(tmp_path)
    assert "model &lt;x&gt;" in text
    assert "case &lt;1&gt;" in text
    assert text.count("<svg") == 3  # loss, rate, auc
    assert "60 of 100" in text
    assert "refresh" not in text


def test_that_the_page_loads_itself_again_only_while_the_run_goes_on(tmp_path: Path) -> None:
    with Monitor(tmp_path, "model", 10) as monitor:
        monitor.validated(1, {"auc": 0.5}, True, [])
        assert 'http-equiv="refresh"' in _page(tmp_path)
        assert "running" in _page(tmp_path)
    assert "refresh" not in _page(tmp_path)
    assert "finished" in _page(tmp_path)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Cancelled(), "--resume"),
        (BrokenTraining("The loss is no number."), "loss is no number"),
        (ZeroDivisionError(), "failed"),
    ],
)
def test_that_the_page_says_how_a_run_ended(tmp_path: Path, error: Exception, told: str) -> None:
    with pytest.raises(type(error)), Monitor(tmp_path, "model", 10):
        raise error
    assert told in _page(tmp_path)


def test_that_a_resumed_run_continues_its_rows_without_doubling_any(tmp_path: Path) -> None:
    _run(tmp_path, 0, 50)
    with (tmp_path / ROWS).open("a", encoding="utf-8") as torn:
        torn.write('{"kind": "train", "st')
    _run(tmp_path, 40, 100)
    rows = [json.loads(line) for line in (tmp_path / ROWS).read_text(encoding="utf-8").splitlines()]
    assert [row["step"] for row in rows if row["kind"] == "train"] == list(range(1, 101))


def test_that_a_new_run_forgets_the_old_ones_rows(tmp_path: Path) -> None:
    _run(tmp_path, 0, 50)
    assert len(_run(tmp_path, 0, 5).rows) == 6


def test_that_the_terminal_gets_a_line_with_step_loss_and_pace(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "medviewer.training.monitor"):
        _run(tmp_path, 0, 10)
    assert any(
        re.search(r"step 10 of 100 \(10 %\)  loss 0\.1000  0\.50 s a step", m) for m in caplog.messages
    )
    assert any("validation at step 10  auc 0.5100  (best)" in m for m in caplog.messages)


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0, 3000, [0, 1000, 2000, 3000]), (-1, 1, [-1, -0.5, 0, 0.5, 1])],
)
def test_that_ticks_are_round_numbers_inside_the_range(low: float, high: float, wanted: list[float]) -> None:
    assert charts.ticks(low, high) == pytest.approx(wanted)


def test_that_a_curve_that_is_flat_empty_or_not_finite_still_makes_a_figure() -> None:
    for points in ([], [(1.0, 5.0)], [(1.0, 5.0), (2.0, 5.0)], [(1.0, float("nan")), (2.0, 3.0)]):
        drawn = charts.lines("loss", {"loss": points})
        assert "nan" not in drawn
        assert "inf" not in drawn
        _Checked(drawn)
