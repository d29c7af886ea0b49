"""Everything the reader can do, as one table: menus, toolbar, keys and the help page are made from it.

Only what works is listed. ``enabled_when`` looks at the state alone; the window asks it after every change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from medviewer.imaging.colour_map import COLOUR_MAPS, GREY
from medviewer.imaging.presets import CT_PRESETS
from medviewer.review.calibrating import may_calibrate_now, may_correct_now, may_remove_now
from medviewer.review.state import State
from medviewer.ui.action_when import (
    When,
    always,
    correct_words,
    has_findings,
    has_grey,
    has_hu,
    has_masks,
    has_modified,
    has_own_window,
    has_planes,
    has_run,
    has_scan,
    has_selection,
    has_series,
    has_stack,
    has_volume,
    is_decided,
    may_analyze,
    may_be_turned,
    may_edit,
)

_NO_TURN = "Off for CT, MR and PET: sides must stay where readers expect them"
MENUS = ("File", "Edit", "View", "Image", "Measure", "AI", "Help")


@dataclass(frozen=True)
class ActionSpec:
    """One act: ``id`` names the command, ``menu`` one of MENUS, ``short`` the word in the toolbar ("" keeps
    it out), ``group`` makes the acts of one name exclusive, ``gap`` puts a line before it, ``inside`` names
    the menu within the menu where it stands."""

    id: str
    text: str
    menu: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    short: str = ""
    when: When = always
    checkable: bool = False
    group: str = ""
    gap: bool = False
    tip: str = ""
    inside: str = ""
    say: Callable[[State], str] | None = None
    """The words where they depend on the image."""


def _tool(name: str, text: str, key: str, icon: str, *, short: str = "", gap: bool = False) -> ActionSpec:
    keys = (key,) if key else ()
    return ActionSpec(
        f"tool_{name}",
        text,
        "Measure",
        keys,
        icon,
        short,
        has_series,
        checkable=True,
        group="tool",
        gap=gap,
    )


def colours_action(name: str) -> str:
    """The id of the act that chooses a colour map by its id, or grey."""
    return f"colours_{name or 'grey'}"


def _colour_maps() -> tuple[ActionSpec, ...]:
    rows = ((GREY, "Grey"), *((key, found.name) for key, found in COLOUR_MAPS.items()))
    return tuple(
        ActionSpec(
            colours_action(key),
            text,
            "Image",
            when=has_grey,
            checkable=True,
            group="colours",
            inside="Colour map",
        )
        for key, text in rows
    )


def _presets() -> tuple[ActionSpec, ...]:
    return tuple(
        ActionSpec(
            f"preset_{p.name.lower().replace(' ', '_')}",
            f"{p.name}  ({p.window.width:g} / {p.window.centre:g})".replace("-", "\u2212"),
            "Image",
            (p.key,) if p.key else (),
            when=has_hu,
            gap=k == 0,
        )
        for k, p in enumerate(CT_PRESETS)
    )


def _turns() -> tuple[ActionSpec, ...]:
    rows = (
        ("rotate_right", "Rotate right 90°", ("Ctrl+Right",)),
        ("rotate_left", "Rotate left 90°", ("Ctrl+Left",)),
        ("flip_across", "Flip horizontally", ("Ctrl+Shift+Right",)),
        ("flip_down", "Flip vertically", ("Ctrl+Shift+Down",)),
    )
    return tuple(
        ActionSpec(name, text, "View", keys, when=may_be_turned, gap=k == 0, tip=f"{text}\n{_NO_TURN}")
        for k, (name, text, keys) in enumerate(rows)
    )


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open_folder", "Open folder…", "File", ("Ctrl+O",), "folder-open", "Open",
               tip="Open a folder of images"),
    ActionSpec("open_files", "Open files, zip or DICOMDIR…", "File", ("Ctrl+Shift+O",), "file-archive"),
    ActionSpec("issues", "What could not be opened…", "File", (), "file-warning",
               when=lambda s: s.scan is not None),
    ActionSpec("close_all", "Close all studies", "File", ("Ctrl+W",), "x", when=has_scan),
    ActionSpec("report", "Report…", "File", ("R",), "file-text", when=has_series, gap=True),
    ActionSpec("export_deidentified", "Export de-identified…", "File", (), "file-archive", when=has_scan),
    ActionSpec("evidence", "Export evidence…", "File", ("Ctrl+E",), "save", when=has_series),
    ActionSpec("quit", "Quit", "File", ("Ctrl+Q",), "log-out", gap=True),
    ActionSpec("undo", "Undo", "Edit", ("Ctrl+Z",), "undo-2"),
    ActionSpec("redo", "Redo", "Edit", ("Ctrl+Y", "Ctrl+Shift+Z"), "redo-2"),
    ActionSpec("delete", "Delete measurement", "Edit", ("Del",), "trash-2",
               when=lambda s: bool(s.measurements)),
    ActionSpec("key_image", "Key image for the report", "Edit", ("K",), "star", when=has_volume, gap=True),
    ActionSpec("autosave", "Keep my work (encrypted)", "Edit", checkable=True, gap=True,
               tip="Decisions, measurements and texts are offered again when the study is opened again"),
    ActionSpec("reader_name", "Reader's name…", "Edit", (), "user"),
    ActionSpec("layout", "Three planes", "View", ("P",), "layout-grid", "Layout", has_planes,
               checkable=True),
    ActionSpec("lines", "Reference lines", "View", ("O",), "crosshair", "", has_planes, checkable=True),
    ActionSpec("next_view", "Next view", "View", ("Tab",), "", "", has_planes),
    ActionSpec("fit", "Fit", "View", ("F",), "maximize", when=has_series, gap=True),
    ActionSpec("one_to_one", "One to one", "View", ("Shift+F",), "scan", when=has_series),
    ActionSpec("zoom_in", "Zoom in", "View", ("+", "="), "zoom-in", when=has_series),
    ActionSpec("zoom_out", "Zoom out", "View", ("-",), "zoom-out", when=has_series),
    ActionSpec("reset", "Reset", "View", ("Esc",), "rotate-ccw", "Reset", has_series,
               tip="Fit, and the series' own window; the image stays"),
    *_turns(),
    ActionSpec("annotations", "Corner text: full, minimal, off", "View", ("I",), "type",
               when=has_series, gap=True),
    ActionSpec("planes", "Overlay planes and annotations", "View", (), when=has_series, checkable=True,
               tip="Show the overlay planes of images and the drawings of presentation states"),
    ActionSpec("smooth", "Smooth pixels", "View", (), "", when=has_series, checkable=True),
    ActionSpec("browser", "Studies", "View", ("F9",), "panel-left", checkable=True, gap=True),
    ActionSpec("results", "Results", "View", ("F10",), "panel-right", checkable=True),
    ActionSpec("full_screen", "Full screen", "View", ("F11",), "maximize-2", checkable=True),
    ActionSpec("next_image", "Next image", "Image", ("Down",), "chevron-down", when=has_stack),
    ActionSpec("previous_image", "Previous image", "Image", ("Up",), "chevron-up", when=has_stack),
    ActionSpec("ten_on", "Ten images on", "Image", ("Shift+Down",), when=has_stack),
    ActionSpec("ten_back", "Ten images back", "Image", ("Shift+Up",), when=has_stack),
    ActionSpec("first_image", "First image", "Image", ("Home",), when=has_stack),
    ActionSpec("last_image", "Last image", "Image", ("End",), when=has_stack),
    ActionSpec("next_series", "Next series", "Image", ("PgDown",), when=has_series, gap=True),
    ActionSpec("previous_series", "Previous series", "Image", ("PgUp",), when=has_series),
    ActionSpec("cine", "Cine", "Image", ("C",), "play", "Cine", has_stack, checkable=True, gap=True),
    ActionSpec("tags", "Tags…", "Image", ("Ctrl+T",), "list", when=has_series, gap=True),
    ActionSpec("window_auto", "Automatic window", "Image", ("0",), "contrast", when=has_grey, gap=True),
    ActionSpec("window_dicom", "The series' own windows", "Image", ("1",), when=has_own_window),
    ActionSpec("invert", "Invert", "Image", ("Shift+I",), when=has_grey),
    *_colour_maps(),
    *_presets(),
    _tool("window", "Window", "W", "contrast", short="Window"),
    _tool("scroll", "Scroll", "S", "move-vertical", short="Scroll"),
    _tool("zoom", "Zoom", "Z", "search", short="Zoom"),
    _tool("pan", "Pan", "T", "hand", short="Pan"),
    _tool("length", "Length", "D", "ruler", short="Length", gap=True),
    _tool("angle", "Angle", "A", "triangle-right", short="Angle"),
    _tool("ellipse", "Ellipse: mean, SD, area", "G", "circle", short="ROI"),
    _tool("note", "Note", "B", "pencil", short="Note"),
    _tool("crosshair", "Crosshair", "J", "crosshair", short="Crosshair", gap=True),
    ActionSpec("measure_menu", "This menu, at the mouse", "Measure", ("M",), when=has_series, gap=True),
    ActionSpec("calibrate", "Calibrate by this length…", "Measure", when=may_calibrate_now, gap=True,
               tip="Say how long a drawn line truly is, where the image tells no validated millimetres"),
    ActionSpec("magnification", "Correct for magnification…", "Measure", when=may_correct_now,
               say=correct_words),
    ActionSpec("uncalibrate", "Remove the calibration", "Measure", when=may_remove_now),
    ActionSpec("analyze", "Analyze", "AI", ("F5",), "sparkles", when=may_analyze),
    ActionSpec("cancel", "Cancel the analysis", "AI", (), "circle-x", when=has_run),
    ActionSpec("next_finding", "Next finding", "AI", (".",), "chevron-down", when=has_findings, gap=True),
    ActionSpec("previous_finding", "Previous finding", "AI", (",",), "chevron-up", when=has_findings),
    ActionSpec("accept", "Accept the finding", "AI", ("Return", "Enter"), "check", when=has_selection),
    ActionSpec("reject", "Reject the finding…", "AI", ("X",), "x", when=has_selection),
    ActionSpec("edit", "Edit the outline", "AI", ("E",), "pencil", when=may_edit, checkable=True,
               tip="Paint with the left button, Ctrl held erases; Enter keeps it, Esc drops it"),
    ActionSpec("originals", "The model's outline beside yours", "AI", ("Shift+E",), when=has_modified,
               checkable=True, tip="Draw what the model outlined, dashed, beside modified outlines"),
    ActionSpec("undecide", "Take the decision back", "AI", (), "rotate-ccw", when=is_decided),
    ActionSpec("looked", "Where the network looked", "AI", ("H",), "eye", checkable=True,
               when=lambda s: any(f.score is not None for f in s.findings)),
    ActionSpec("overlay", "Hide the overlay (or hold Space)", "AI", ("Shift+Space",), "eye-off",
               "", has_masks,
               checkable=True, gap=True),
    ActionSpec("model_card", "Model card…", "AI", (), "file-text", gap=True),
    ActionSpec("models", "Models…", "AI", (), "layers", tip="What is on the shelf; install, test, remove"),
    ActionSpec("logbook", "Log-book…", "AI", (), "history",
               tip="How far readers and models agree; the site's stop rule"),
    ActionSpec("keys", "Keys and mouse", "Help", ("F1",), "keyboard"),
    ActionSpec("about", "About MedViewer", "Help", (), "info"),
)  # fmt: skip

OF_IMAGE = ("calibrate", "magnification", "uncalibrate")
"""What depends on the image on screen, not only on its series."""

TOOLBAR: tuple[str, ...] = (
    "open_folder", "|", "tool_window", "tool_scroll", "tool_zoom", "tool_pan", "|", "tool_length",
    "tool_angle", "tool_ellipse", "tool_note", "|", "layout", "tool_crosshair", "cine", "reset",
)  # fmt: skip
"""Ids from left to right; "|" is a line."""

MOUSE: tuple[tuple[str, str], ...] = (
    ("Wheel", "scroll"),
    ("Ctrl + wheel", "zoom"),
    ("Left", "the pressed tool"),
    ("Middle", "pan"),
    ("Right drag", "zoom"),
    ("Right click", "menu"),
    ("Shift + move", "crosshair through all views"),
    ("Double click", "one view large, and back"),
    ("Space, held", "hide the overlays"),
    ("Brush: Ctrl + left", "erase"),
    ("Brush: Shift + wheel, [ and ]", "its size"),
)


def spec(action_id: str) -> ActionSpec:
    """The row of an id. Raises KeyError."""
    for row in ACTIONS:
        if row.id == action_id:
            return row
    raise KeyError(action_id)
