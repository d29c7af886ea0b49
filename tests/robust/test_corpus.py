"""97 files and 21 series, each with the outcome it must have, opened in a process that may die of them."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.robust import corpus
from tests.robust.harness import PATIENCE_S, Report

MEMORY_MB = 1000


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    return {corpus.title(case): report for case, report in zip(corpus.ALL, corpus.run(), strict=True)}


def test_the_corpus_is_whole() -> None:
    numbers = [case.number for case in corpus.FILES]
    assert len(set(numbers)) == len(numbers) == 97
    assert [case.number for case in corpus.SERIES] == [f"{k:02}" for k in range(21)]
    assert Counter(case.expect for case in corpus.FILES) == {"ok": 38, "warn": 25, "reject": 34}


@pytest.mark.parametrize("title", [corpus.title(case) for case in corpus.ALL])
def test_every_case_comes_out_as_it_must(reports: dict[str, Report], title: str) -> None:
    report = reports[title]
    assert not report.death, report.last_words
    assert report.answer["complaint"] == ""
    assert report.answer["seconds"] < PATIENCE_S


def test_no_case_takes_the_memory_of_the_machine(reports: dict[str, Report]) -> None:
    assert max(report.peak_mb for report in reports.values()) < MEMORY_MB
