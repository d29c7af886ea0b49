"""A patient's age as DICOM writes it, in years."""

from __future__ import annotations

import re

from medviewer.dicom.study import Patient, Study

_YEARS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}


def age_years(text: str) -> float | None:
    """An Age String (PS3.5 6.2: "058Y", "018M", "003W", "010D") in years; None where it is none."""
    match = re.fullmatch(r"(\d{1,3})([DWMY])", text.strip().upper())
    return int(match[1]) * _YEARS[match[2]] if match else None


def age_of(patient: Patient, study: Study) -> str:
    """The age as DICOM writes it ("058Y"): the one told, else from birth to study; empty if unknown."""
    if age_years(study.patient_age) is not None:
        return study.patient_age
    born, then = patient.birth_date.strip(), study.date.strip()
    if not (re.fullmatch(r"\d{8}", born) and re.fullmatch(r"\d{8}", then)):
        return ""
    years = (int(then) - int(born)) // 10000
    return f"{years:03d}Y" if 0 <= years < 150 else ""
