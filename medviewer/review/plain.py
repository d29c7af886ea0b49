"""Frozen records to plain JSON values and back, by the annotations of their fields and nothing else.

Reading is strict: a missing or unknown field, or a value of another kind, is a ValueError. No code is run, no
name is looked up in what is read.
"""

from __future__ import annotations

import types
from base64 import b64decode, b64encode
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Records become objects, tuples and sets become lists, bytes become base64."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, frozenset):
        return sorted(to_plain(one) for one in value)
    if isinstance(value, tuple):
        return [to_plain(one) for one in value]
    return value


def from_plain(kind: type[T], plain: Any) -> T:
    """The record of that kind. Raises ValueError for anything that is none."""
    return cast(T, _read(kind, plain))


def _read(kind: Any, plain: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _optional(kind, plain)
    if origin in (tuple, frozenset):
        return _many(origin, get_args(kind), plain)
    if is_dataclass(kind):
        return _record(kind, plain)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(plain)
    return _simple(kind, plain)


def _simple(kind: Any, plain: Any) -> Any:
    if kind is bytes and isinstance(plain, str):
        return b64decode(plain, validate=True)
    if kind is float and type(plain) is int:
        return float(plain)
    if kind in (str, int, float, bool) and type(plain) is kind:
        return plain
    raise ValueError(f"{type(plain).__name__} instead of {kind}")


def _optional(kind: Any, plain: Any) -> Any:
    (inner,) = (k for k in get_args(kind) if k is not type(None))
    return None if plain is None else _read(inner, plain)


def _many(origin: Any, kinds: tuple[Any, ...], plain: Any) -> Any:
    if not isinstance(plain, list):
        raise ValueError("no list")
    if origin is frozenset or (len(kinds) == 2 and kinds[1] is Ellipsis):
        return origin(_read(kinds[0], one) for one in plain)
    if len(plain) != len(kinds):
        raise ValueError(f"{len(plain)} values instead of {len(kinds)}")
    return tuple(_read(k, one) for k, one in zip(kinds, plain, strict=True))


def _record(kind: Any, plain: Any) -> Any:
    hints = get_type_hints(kind)
    names = {f.name for f in fields(kind)}
    if not isinstance(plain, dict) or plain.keys() != names:
        raise ValueError(f"not the fields of {kind.__name__}")
    return kind(**{name: _read(hints[name], plain[name]) for name in names})
