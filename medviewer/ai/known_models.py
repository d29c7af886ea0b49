"""Other people's weights that this program knows: which network they belong to, and their card.

A network is told by the names and shapes of its tensors, but what its answers *mean* only by the very
numbers: two trainings of one network may have different classes. So a card is given to known numbers only;
the same network with other numbers must come as a bundle with a card of its own. The table is
``resources/known_models/<id>.json``; its copyright line stands in the licence's words, which are kept once
for all models under ``resources/licences``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from medviewer import paths
from medviewer.ai.packages import refused
from medviewer.ai.strict_json import read


@dataclass(frozen=True, eq=False)
class KnownModel:
    """One row: digests as :mod:`foreign_weights` makes them, the card without its weights' hash."""

    tensors_sha256: str
    values_sha256: str
    source: str
    card: dict[str, Any]
    licence_text: str


@lru_cache(maxsize=1)
def known_models() -> tuple[KnownModel, ...]:
    """Every row, in the order of their ids."""
    return tuple(_rows())


def recognise(tensors_sha256: str, values_sha256: str) -> KnownModel:
    """The row of these weights. Raises :class:`BundleError` where network or numbers are not known."""
    same = [row for row in known_models() if row.tensors_sha256 == tensors_sha256]
    for row in same:
        if row.values_sha256 == values_sha256:
            return row
    if same:
        raise refused(
            f"it is another training of the network of {same[0].card['title']!r}, and nothing says what its "
            "answers mean",
            "Install it as a bundle with a card of its own.",
        )
    raise refused(
        "its tensors belong to no network this program knows", "Install it as a bundle with its own card."
    )


def _rows() -> list[KnownModel]:
    rows = []
    for file in sorted((paths.resources() / "known_models").glob("*.json")):
        found: dict[str, Any] = read(file)
        licence_text = _licence_text(found["card"]["licence"], found.pop("copyright"))
        rows.append(KnownModel(**found, licence_text=licence_text))
    return rows


def _licence_text(licence: str, copyright_line: str) -> str:
    """The words of ``licence`` with its owner's copyright line in place."""
    words = (paths.resources() / "licences" / f"{licence}.txt").read_text(encoding="utf-8")
    return words.replace("{copyright}", copyright_line)
