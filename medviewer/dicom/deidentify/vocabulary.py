"""Which words of a description may stay: a closed list of technical words, and small numbers.

A description is written by people: names, rooms, other hospitals, dates stand in it. What is not in the list
goes; so does every number of more than three digits before its point, which may be an identifier or a date.
"""

from __future__ import annotations

import re
from functools import lru_cache

from medviewer import paths

_TOKEN = re.compile(r"[^\W_]+(?:[.,]\d+)?")
_NUMBER = re.compile(r"\d{1,3}(?:[.,]\d{1,3})?(?:mm|cm|s|ms|ml|kv|ma|min|t|x|d)?")
_KERNEL = re.compile(r"(?:[bhudijt]|[bhuq][rvlf])\d{2}[a-z]?")
"""Kernels of one maker: "B40f", "Br38"."""


@lru_cache(maxsize=1)
def vocabulary() -> frozenset[str]:
    """The list, folded to lower case."""
    lines = (paths.resources() / "deidentification_words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def only_known_words(text: str) -> str:
    """The words of a text that may stay, in their order; empty where none may."""
    return " ".join(token for token in _TOKEN.findall(text) if _may_stay(token.casefold()))


def _may_stay(token: str) -> bool:
    if token in vocabulary() or _NUMBER.fullmatch(token) or _KERNEL.fullmatch(token):
        return True
    stem = token.rstrip("0123456789")
    return stem != token and len(token) - len(stem) <= 2 and stem in vocabulary()
