"""The words around an image: whose it is, which study, which image. Screen, report and files use the same.

Taken from the patient, study and series handed over with the pixels, never from anything remembered.
"""

from __future__ import annotations

import datetime

import numpy as np

from medviewer.dicom.study import Instance, Patient, Series, Study
from medviewer.dicom.values import plain
from medviewer.imaging.colour_map import COLOUR_MAPS
from medviewer.imaging.draw import Corners
from medviewer.imaging.numbers import decimals_for, number
from medviewer.imaging.volume import Unit
from medviewer.imaging.window import Window

_DOT = " · "
_AGE_UNITS = {"Y": "y", "M": "mo", "W": "wk", "D": "d"}
NO_PATIENT_ID = "NO PATIENT ID"
READING = "Reading all images …"
"""In the place of an image's number while the headers are being read."""


def display_name(name: str) -> str:
    """A PN value as people write it: "Doe^John" is "Doe, John"; other scripts follow in brackets.

    PS3.5 6.2.1: groups alphabetic, ideographic, phonetic joined by "="; components family, given, middle,
    prefix, suffix joined by "^".
    """
    groups = [_one_group(group) for group in plain(name).split("=")]
    shown = [group for group in groups if group]
    if not shown:
        return ""
    return shown[0] if len(shown) == 1 else f"{shown[0]} ({', '.join(shown[1:])})"


def _one_group(group: str) -> str:
    parts = [part.strip() for part in group.split("^")] + [""] * 5
    family, given, middle, prefix, suffix = parts[:5]
    rest = " ".join(part for part in (prefix, given, middle) if part)
    separator = ", " if group.isascii() or not _ideographic(family + given) else " "
    return ", ".join(part for part in (separator.join(p for p in (family, rest) if p), suffix) if part)


def _ideographic(text: str) -> bool:
    return any("\u2e80" <= c <= "\ud7ff" or "\uf900" <= c <= "\ufaff" for c in text)


def display_date(value: str) -> str:
    """ "20070404" is "2007-04-04"; anything else stays as it is."""
    text = value.replace(".", "").strip()
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else value.strip()


def display_time(value: str) -> str:
    """ "102133.5" is "10:21"; anything else is left out."""
    text = value.replace(":", "").strip()
    return f"{text[:2]}:{text[2:4]}" if len(text) >= 4 and text[:4].isdigit() else ""


def age(stated: str, birth_date: str = "", study_date: str = "") -> str:
    """ "058Y" is "58 y"; where nothing is stated, whole years from birth to study; empty if unknown."""
    text = stated.strip().upper()
    if len(text) > 1 and text[:-1].isdigit() and text[-1] in _AGE_UNITS:
        return number(int(text[:-1]), _AGE_UNITS[text[-1]])
    try:
        born = datetime.date.fromisoformat(display_date(birth_date))
        then = datetime.date.fromisoformat(display_date(study_date))
    except ValueError:
        return ""
    years = then.year - born.year - ((then.month, then.day) < (born.month, born.day))
    return number(years, "y") if 0 <= years < 150 else ""


def patient_line(patient: Patient, study: Study | None = None) -> str:
    """Name, id, birth date, sex, age in one line."""
    lines = _who(patient, study)
    return _DOT.join(lines)


def _who(patient: Patient, study: Study | None) -> list[str]:
    name = display_name(patient.name)
    identity = patient.id or NO_PATIENT_ID
    years = age(study.patient_age, patient.birth_date, study.date) if study else ""
    facts = _joined(display_date(patient.birth_date), patient.sex, years)
    return [line for line in (name, "" if identity == name else identity, facts) if line]


def _joined(*parts: str) -> str:
    return _DOT.join(part for part in parts if part)


def corners(  # noqa: PLR0917 - the shape every caller agreed on
    patient: Patient,
    study: Study,
    series: Series,
    index: int,
    window: Window | None,
    level: str = "full",
    zoom: float | None = None,
    *,
    counted: bool = True,
) -> Corners:
    """Corner text of one image: patient top left, study top right, image and window bottom left.

    ``index``: slice in display order; ``level``: "full", "minimal" (who and which image) or "off";
    ``zoom``: screen pixels for one image pixel; ``counted``: False while nobody knows how many images there
    are. A lossy image says so at every level (PS3.3 C.7.6.1.1.5).
    """
    lossy = (series.lossy,) if series.lossy else ()
    if level == "off":
        return Corners(bottom_left=lossy)
    if level == "minimal":
        return Corners(
            top_left=tuple(_who(patient, study)[:2]),
            top_right=tuple(_kept(display_date(study.date))),
            bottom_left=(_image_line(series, index, counted), *lossy),
        )
    return Corners(
        top_left=(*_who(patient, study), *_kept(_series_line(study, series))),
        top_right=tuple(_study_lines(study, series)),
        bottom_left=(
            _image_line(series, index, counted),
            *_kept(_window_line(series, index, window, zoom)),
            *lossy,
        ),
    )


def _kept(*lines: str) -> list[str]:
    return [line for line in lines if line]


def _series_line(study: Study, series: Series) -> str:
    name = "" if series.number is None else f"Series {series.number}"
    return _joined(plain(study.description), name, plain(series.description))


def _study_lines(study: Study, series: Series) -> list[str]:
    made = series.acquisition
    when = f"{display_date(study.date)} {display_time(study.time)}".strip()
    thickness = "" if made.slice_thickness_mm is None else _thickness(made.slice_thickness_mm)
    voltage = "" if made.kvp is None else number(made.kvp, "kV")
    return _kept(when, _joined(made.manufacturer, made.kernel), _joined(thickness, voltage), made.contrast)


def _thickness(millimetres: float) -> str:
    """As the header says it, to the micrometre: 1.25 mm is not 1.2 mm."""
    needed = next(d for d in (1, 2, 3) if d == 3 or round(millimetres, d) == round(millimetres, 3))
    return number(millimetres, "mm", decimals=needed)


def _image_line(series: Series, index: int, counted: bool) -> str:
    place = _place(series.instances[index])
    said = f"Image {index + 1} / {len(series.instances)}" if counted else READING
    return said + (f"   {place}" if place else "")


def _place(instance: Instance) -> str:
    """Where the image lies along the axis it is most nearly perpendicular to: "z −274.0 mm"."""
    if instance.position is None or instance.orientation is None:
        return ""
    cosines = np.array(instance.orientation)
    axis = int(np.argmax(np.abs(np.cross(cosines[:3], cosines[3:]))))
    return f"{'xyz'[axis]} {number(instance.position[axis], 'mm', decimals=1)}"


def _window_line(series: Series, index: int, window: Window | None, zoom: float | None) -> str:
    parts = []
    if window is not None and series.unit is not Unit.RGB:
        digits = decimals_for(window.width)
        width, centre = number(window.width, "", digits), number(window.centre, "", digits)
        told = f"W {width.replace(',', '')} L {centre.replace(',', '')}"
        if window.lut is not None:
            told = f"VOI LUT {window.name}".rstrip()
        elif window.name and any(window.name == own.name for own in series.instances[index].windows):
            told += f" {window.name}"
        parts.append(told)
        if window.colours:
            parts.append(COLOUR_MAPS[window.colours].name)
    if zoom is not None:
        parts.append(f"Zoom {number(100 * zoom, '%').replace(',', '')}")
    return "   ".join(parts)
