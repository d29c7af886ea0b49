"""Colour maps: a colour for every grey level, from ``resources/colour_maps.json``, which names their sources.

Hot iron, PET and hot metal blue are the standard's own (PS3.6 Annex B.1); viridis and inferno rise evenly in
lightness and are read by colour-blind eyes.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.paths import resources

SCHEMA = "medviewer.colours/1"
GREY = ""
"""The name of having no colour map."""
MAP_COLOURS = "viridis"
"""What parametric maps are first shown in: one step of value looks like one step of lightness."""


@dataclass(frozen=True, eq=False)
class ColourMap:
    """``table``: (256, 3) RGB, one row for each grey level."""

    id: str
    name: str
    source: str
    table: NDArray[np.uint8]


def load_colour_maps(path: Path) -> dict[str, ColourMap]:
    """Read a file of colour maps. Raises ValueError naming the file where it isn't one."""
    try:
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if known["schema"] != SCHEMA:
            raise ValueError(f"schema {known['schema']!r}")
        return {key: _one(key, row) for key, row in known["maps"].items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} is not a table of colour maps: {error}") from error


def _one(key: str, row: dict[str, Any]) -> ColourMap:
    table = np.frombuffer(bytes.fromhex("".join(row["colours"])), np.uint8).reshape(256, 3)
    return ColourMap(key, row["name"], row["source"], table)


COLOUR_MAPS = load_colour_maps(resources() / "colour_maps.json")
"""By id, in the order of the menu."""


def colour_map_id(name: str) -> str:
    """The id of a colour map by id or name, in any case; "grey" is :data:`GREY`.

    Raises ValueError naming the nearest known one.
    """
    wanted = "_".join(name.lower().replace("-", " ").replace("_", " ").split())
    if wanted in COLOUR_MAPS:
        return wanted
    if wanted in ("grey", "gray"):
        return GREY
    known = ["grey", *COLOUR_MAPS]
    near = difflib.get_close_matches(wanted, known, n=1, cutoff=0.4)
    remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
    raise ValueError(f"there is no colour map {name!r}; {remedy}")


def coloured(levels: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """(..., 3) RGB of grey levels (...). Raises KeyError for a name that is no id."""
    return np.asarray(COLOUR_MAPS[name].table.take(levels, axis=0))
