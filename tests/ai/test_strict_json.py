"""A card says what it says: no key unknown, none twice, none missing, no type guessed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from medviewer.ai.strict_json import StrictJsonError, build, read, read_text


@dataclass(frozen=True)
class Inner:
    level: float


@dataclass(frozen=True)
class Outer:
    name: str
    count: int
    sure: bool = False
    pair: tuple[float, float] = (0.0, 1.0)
    words: tuple[str, ...] = ()
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()
    free: Mapping[str, Any] = field(default_factory=dict)


LEAST = {"name": "a", "count": 2}


def test_everything_arrives_as_its_annotation_says() -> None:
    said = LEAST | {
        "sure": True,
        "pair": [1, 2.5],
        "words": ["x", "y"],
        "inner": {"level": 3},
        "inners": [{"level": 1}, {"level": 2}],
        "free": {"anything": [1]},
    }
    made = build(Outer, said, "card")
    inners = (Inner(1.0), Inner(2.0))
    assert made == Outer("a", 2, True, (1.0, 2.5), ("x", "y"), Inner(3.0), inners, {"anything": [1]})
    assert isinstance(made.pair[0], float)
    assert build(Outer, LEAST, "card") == Outer("a", 2)
    assert build(Outer, LEAST | {"inner": None}, "card").inner is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cuont": 1}, "card has the unknown key 'cuont'; the nearest known one is 'count'"),
        ({"count": 1.5}, "card.count must be a whole number"),
        ({"count": True}, "card.count must be a whole number"),
        ({"count": "2"}, "card.count must be a whole number"),
        ({"name": 3}, "card.name must be text"),
        ({"sure": 1}, "card.sure must be bool"),
        ({"pair": [1]}, "card.pair must be a list of 2"),
        ({"pair": "12"}, "card.pair must be a list"),
        ({"pair": [1, math.inf]}, r"card.pair\[1\] must be a finite number"),
        ({"words": ["x", 1]}, r"card.words\[1\] must be text"),
        ({"inner": [1]}, "card.inner must be an object"),
        ({"inner": {}}, "card.inner lacks the key 'level'"),
        ({"inners": [{"level": 1}, {"levle": 2}]}, r"card.inners\[1\] has the unknown key 'levle'"),
        ({"free": []}, "card.free must be an object"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(change: dict[str, Any], said: str) -> None:
    with pytest.raises(StrictJsonError, match=said):
        build(Outer, LEAST | change, "card")


def test_a_key_that_is_needed_is_named() -> None:
    with pytest.raises(StrictJsonError, match="card lacks the key 'count'"):
        build(Outer, {"name": "a"}, "card")
    with pytest.raises(StrictJsonError, match="card must be an object"):
        build(Outer, ["name"], "card")


def test_a_key_said_twice_is_refused_at_any_depth() -> None:
    assert read_text('{"a": {"b": 1}, "b": 1}') == {"a": {"b": 1}, "b": 1}
    with pytest.raises(StrictJsonError, match="twice"):
        read_text('{"a": {"b": 1, "b": 2}}')


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", pytest.param("[" * 100_000, id="deep")])
def test_what_is_no_json_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(StrictJsonError, match="no JSON"):
        read_text(text)
    (tmp_path / "card.json").write_text(text, encoding="utf-8")
    with pytest.raises(StrictJsonError, match="no JSON"):
        read(tmp_path / "card.json")


def test_a_file_too_large_or_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text('{"a": 1}', encoding="utf-8")
    assert read(path) == {"a": 1}
    with pytest.raises(StrictJsonError, match="larger than 7 bytes"):
        read(path, limit=7)
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(StrictJsonError, match="cannot be read"):
        read(path)
    with pytest.raises(StrictJsonError, match="cannot be read"):
        read(tmp_path / "none.json")


@pytest.mark.parametrize(("content", "said"), [("{", "no JSON"), ('{"a": 1, "a": 2}', "said twice")])
def test_what_is_wrong_with_a_file_begins_with_its_name(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "card.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(StrictJsonError, match=f"card.json: .*{said}"):
        read(path)
