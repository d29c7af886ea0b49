"""JSON into frozen dataclasses, strictly: every key known, every required key there, every type right.

And back into the bytes of a file.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class StrictJsonError(ValueError):
    """The JSON does not say what the dataclass needs; the message names the place."""


def read(path: Path, limit: int = 1_000_000) -> Any:
    """Decode one small JSON file. Raises :class:`StrictJsonError` for no JSON, or a key said twice."""
    try:
        if path.stat().st_size > limit:
            raise StrictJsonError(f"{path.name} is larger than {limit} bytes")
        text = path.read_text(encoding="utf-8")
    except StrictJsonError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise StrictJsonError(f"{path.name} cannot be read") from error
    try:
        return read_text(text)
    except StrictJsonError as error:
        raise StrictJsonError(f"{path.name}: {error}") from error


def read_text(text: str) -> Any:
    """Decode JSON. Raises :class:`StrictJsonError` for no JSON, or a key said twice."""
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates)
    except StrictJsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise StrictJsonError("the text is no JSON") from error


def to_bytes(data: Mapping[str, Any]) -> bytes:
    """JSON as the content of a file that people read too: a line each, letters as they are."""
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise StrictJsonError("a key is said twice")
    return data


def build(cls: type[T], data: Any, where: str) -> T:
    """Make ``cls`` (a dataclass) from decoded JSON; ``where`` is the path told in messages.

    Raises :class:`StrictJsonError` for an unknown key (naming the nearest), a missing one or a wrong type.
    """
    if not isinstance(data, dict):
        raise StrictJsonError(f"{where} must be an object")
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in data:
        if key not in fields:
            near = difflib.get_close_matches(str(key), list(fields), n=1, cutoff=0.0)
            raise StrictJsonError(
                f"{where} has the unknown key {key!r}; the nearest known one is {near[0]!r}"
            )
    hints = typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _convert(hints[name], data[name], f"{where}.{name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise StrictJsonError(f"{where} lacks the key {name!r}")
    return cls(**values)


def _convert(hint: Any, value: Any, where: str) -> Any:
    """One value as its annotation wants it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = [a for a in arguments if a is not type(None)]
        return None if value is None else _convert(inner[0], value, where)
    if dataclasses.is_dataclass(hint):
        return build(typing.cast(type[Any], hint), value, where)
    if origin is tuple:
        return _convert_tuple(arguments, value, where)
    if origin is Mapping:
        return _expect(isinstance(value, dict), value, where, "an object")
    return _convert_scalar(hint, value, where)


def _convert_scalar(hint: Any, value: Any, where: str) -> Any:
    """A number or a text; JSON's true and false are no numbers here."""
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is float:
        return float(_expect(numeric and math.isfinite(value), value, where, "a finite number"))
    if hint is int:
        return _expect(numeric and isinstance(value, int), value, where, "a whole number")
    return _expect(isinstance(value, hint), value, where, "text" if hint is str else hint.__name__)


def _convert_tuple(arguments: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    items: list[Any] = _expect(isinstance(value, list), value, where, "a list")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        hints: list[Any] = [arguments[0]] * len(items)
    else:
        hints = list(arguments)
        _expect(len(items) == len(hints), items, where, f"a list of {len(hints)}")
    return tuple(
        _convert(h, item, f"{where}[{i}]") for i, (h, item) in enumerate(zip(hints, items, strict=True))
    )


def _expect(right: bool, value: Any, where: str, what: str) -> Any:
    if not right:
        raise StrictJsonError(f"{where} must be {what}")
    return value
