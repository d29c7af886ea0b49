"""Settings: kept whole, read strictly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medviewer.errors import UsageError
from medviewer.review.settings import Settings, from_json, load_settings, save_settings


def test_that_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.json"
    assert load_settings(path) == Settings()
    settings = Settings(reader="读者", device="cpu", overlay_fill=0.5, keys={"accept": "Return"})
    save_settings(settings, path)
    assert load_settings(path) == settings


def test_that_the_home_of_the_program_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDVIEWER_HOME", str(tmp_path))
    save_settings(Settings(reader="r"))
    assert json.loads((tmp_path / "config" / "settings.json").read_text())["reader"] == "r"
    assert load_settings().reader == "r"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"overlay_fil": 0.1}, "overlay_fill"),
        ({"overlay_fill": "much"}, "overlay_fill must be of type float"),
        ({"overlay_fill": 2}, "between 0 and 1"),
        ({"overlay_hatch": 1}, "overlay_hatch must be of type bool"),
        ({"stop_percent": 0}, "between 1 and 100 %"),
        ({"stop_window": 4}, "5 to 500 findings"),
        ({"device": "gpu"}, "auto, cpu, cuda"),
        ({"keys": {"accept": 1}}, "keys"),
        ([], "JSON object"),
    ],
)
def test_that_a_wrong_setting_is_named(data: object, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        from_json(data)


def test_that_a_whole_number_is_a_number() -> None:
    assert from_json({"overlay_outline": 1}).overlay_outline == 1


def test_that_a_torn_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text("{")
    with pytest.raises(UsageError, match="cannot be read"):
        load_settings(path)
