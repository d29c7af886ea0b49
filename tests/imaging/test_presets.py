"""The CT windows readers know, by key and by name."""

from __future__ import annotations

import pytest

from medviewer.imaging.presets import CT_PRESETS, load_presets, preset
from medviewer.imaging.window import Window


@pytest.mark.parametrize(
    ("key", "width", "centre"),
    [
        ("2", 400, 40),
        ("3", 350, 50),
        ("4", 1500, -600),
        ("5", 350, 50),
        ("6", 2000, 400),
        ("7", 80, 40),
        ("8", 40, 40),
        ("9", 150, 60),
    ],
)
def test_that_each_key_calls_its_window(key, width, centre):
    (found,) = [p.window for p in CT_PRESETS if p.key == key]
    assert (found.width, found.centre) == (width, centre)


def test_that_the_menu_has_the_rest():
    assert [p.name for p in CT_PRESETS if not p.key] == [
        "Angio",
        "Subdural",
        "Posterior fossa",
        "Temporal bone",
        "Emphysema",
    ]


@pytest.mark.parametrize("name", ["Soft tissue", "soft-tissue", " SOFT_TISSUE "])
def test_that_names_are_found_in_any_case(name):
    assert preset(name) == Window(40, 400, name="Soft tissue")


def test_that_an_unknown_name_is_met_with_the_nearest():
    with pytest.raises(ValueError, match="mean 'lung'"):
        preset("lungs")
    with pytest.raises(ValueError, match="known: soft tissue"):
        preset("xyzzy")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"schema": "other"}', '{"schema": "medviewer.presets/1", "CT": [1]}']
)
def test_that_a_broken_preset_file_is_named(tmp_path, text):
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"mine\.json"):
        load_presets(path)
