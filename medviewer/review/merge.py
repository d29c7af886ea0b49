"""Adding one scan to another: nothing twice, two patients never mixed, nobody's work pulled away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from medviewer.dicom.study import Patient, ScanResult, Series, Study


def merge(old: ScanResult | None, new: ScanResult, in_use: Iterable[str] = ()) -> ScanResult:
    """Both scans as one. ``in_use`` are the keys of series that carry results or the reader's work.

    Patients meet only under the same ``key``, studies under the same UID, series under the same key. A series
    scanned again is kept as it was, unless the new scan holds more of it and nothing hangs on the old one.
    """
    if old is None:
        return new
    keep = frozenset(in_use)
    owners = {series.key: series.patient_key for series in old.all_series()}
    patients = {patient.key: patient for patient in old.patients}
    for patient in new.patients:
        apart = _told_apart(patient, owners)
        known = patients.get(patient.key)
        patients[patient.key] = apart if known is None else _merge_patient(known, apart, keep)
    unreadable = {item.path: item for item in (*old.unreadable, *new.unreadable)}
    objects = {item.path: item for item in (*old.objects, *new.objects)}
    return ScanResult(tuple(patients.values()), tuple(unreadable.values()), tuple(objects.values()))


def _told_apart(patient: Patient, owners: dict[str, str]) -> Patient:
    """The patient with a part added to every series whose key another patient already holds."""

    def apart(series: Series) -> Series:
        if owners.get(series.key, patient.key) == patient.key:
            return series
        mark = "patient-" + sha256(patient.key.encode()).hexdigest()[:8]
        return replace(series, part=f"{series.part}-{mark}" if series.part else mark)

    studies = tuple(replace(s, series=tuple(apart(x) for x in s.series)) for s in patient.studies)
    return replace(patient, studies=studies)


def _merge_patient(old: Patient, new: Patient, in_use: frozenset[str]) -> Patient:
    studies = {study.uid: study for study in old.studies}
    for study in new.studies:
        known = studies.get(study.uid)
        studies[study.uid] = study if known is None else _merge_study(known, study, in_use)
    return replace(old, studies=tuple(studies.values()))


def _merge_study(old: Study, new: Study, in_use: frozenset[str]) -> Study:
    series = {item.key: item for item in old.series}
    for item in new.series:
        known = series.get(item.key)
        if known is None:
            series[item.key] = item
            continue
        chosen = _choose(known, item, in_use)
        series[chosen.key] = chosen
    return replace(old, series=tuple(series.values()))


def _images(series: Series) -> frozenset[tuple[str, int]]:
    return frozenset((i.sop_uid, i.frame) for i in series.instances)


def _choose(old: Series, new: Series, in_use: frozenset[str]) -> Series:
    """The one to show under this key, or the new one under a key of its own."""
    have, come = _images(old), _images(new)
    if come <= have:
        return old
    if come > have and old.key not in in_use:
        return new
    mark = "scan-" + sha256("\n".join(sorted(uid for uid, _ in come)).encode()).hexdigest()[:8]
    return replace(new, part=f"{new.part}-{mark}" if new.part else mark)
