"""Tells the redactor whom the headers speak of, before anyone can say a word about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from medviewer.dicom.study import Patient, Study
from medviewer.redaction import REDACTOR


def learn(patients: Iterable[Patient], studies: Iterable[Study] = ()) -> None:
    """Names, ids, birth dates, accession numbers, UIDs: none of them may reach a log."""
    REDACTOR.learn(value for value in _values(patients, studies) if value)


def _values(patients: Iterable[Patient], studies: Iterable[Study]) -> Iterator[str]:
    for patient in patients:
        yield from (patient.name, patient.id, patient.birth_date)
        yield from _values((), patient.studies)
    for study in studies:
        yield from (study.uid, study.accession, *(series.uid for series in study.series))
