"""Two sets of the same colours, readable ones; icons that take them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from medviewer.paths import resources
from medviewer.ui import icons, theme


@pytest.fixture
def dark_again(qapp: QApplication) -> Iterator[QApplication]:
    """The application, dark after the test."""
    yield qapp
    theme.apply(qapp, "dark")


def _luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4

    c = QColor(colour)
    return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF())


def _contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_both_themes_have_the_same_names() -> None:
    assert set(theme.tokens("dark")) == set(theme.tokens("light"))
    with pytest.raises(ValueError, match="sepia"):
        theme.tokens("sepia")


@pytest.mark.parametrize("name", theme.THEMES)
@pytest.mark.parametrize("ground", ["ground", "panel", "raised", "bar"])
def test_words_can_be_read(name: str, ground: str) -> None:
    colours = theme.tokens(name)
    assert _contrast(colours["text"], colours[ground]) >= 7
    assert _contrast(colours["muted"], colours[ground]) >= 4.5
    for state in ("good", "attention", "bad"):
        assert _contrast(colours[state], colours[ground]) >= 4.5


@pytest.mark.parametrize("name", theme.THEMES)
@pytest.mark.parametrize(
    ("words", "ground"),
    [
        ("text", "accent_quiet"),
        ("text", "hover"),
        ("good", "good_quiet"),
        ("attention", "attention_quiet"),
        ("bad", "bad_quiet"),
        ("caption", "image_ground"),
        ("caption_muted", "image_ground"),
    ],
)
def test_words_can_be_read_on_cards_and_images(name: str, words: str, ground: str) -> None:
    colours = theme.tokens(name)
    assert _contrast(colours[words], colours[ground]) >= 4.5


@pytest.mark.parametrize("name", theme.THEMES)
def test_the_style_sheet_leaves_no_gap_and_uses_tokens_only(name: str) -> None:
    colours = theme.tokens(name)
    sheet = theme.stylesheet(colours)
    assert set(re.findall(r"#[0-9a-fA-F]{6}", sheet)) <= set(colours.values())
    assert sheet.count("{") == sheet.count("}")
    assert not re.search(r"[a-z_]\{[a-z_]+\}", sheet)


def test_applying_a_theme_changes_colours(dark_again: QApplication) -> None:
    theme.apply(dark_again, "light")
    assert theme.current() == "light"
    assert theme.colour("ground") == theme.tokens("light")["ground"]
    assert theme.qcolour("text", 0.5).alphaF() == pytest.approx(0.5, abs=0.01)


def test_the_type_is_inter_with_a_fallback(qapp: QApplication) -> None:
    families = theme.font().families()
    assert families[0] == "Inter"
    assert len(families) > 1


def test_every_icon_renders_in_its_colour(qapp: QApplication) -> None:
    for name in icons.names():
        image = icons.pixmap(name, "#ff0000", 18, 2.0).toImage()
        strong = [
            image.pixelColor(x, y)
            for x in range(image.width())
            for y in range(image.height())
            if image.pixelColor(x, y).alpha() > 200
        ]
        assert image.width() == 36
        assert strong, name
        assert all(c.red() > 200 and c.green() < 50 for c in strong), name


def test_an_unknown_icon_is_named(qapp: QApplication) -> None:
    with pytest.raises(KeyError, match="unicorn"):
        icons.icon("unicorn")


def test_icons_come_with_their_licence() -> None:
    licence = (resources() / "icons" / "LICENSE-Lucide.txt").read_text("utf-8")
    assert "ISC License" in licence
