"""Facts to patients, studies and series: what must not be one volume is set apart, and each reason named.

Never merged: two patients, two series UIDs, two sizes, orientations, spacings, frames of reference, a
localizer and its slices, several images at one place (reliability rules: orientation within 1e-4).
"""

from __future__ import annotations

import filecmp
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from medviewer.dicom.discretion import learn
from medviewer.dicom.header import Facts, patient_key
from medviewer.dicom.stack import SAME_PLACE_MM, Stack, depth, file_order, normal, stack
from medviewer.dicom.study import Instance, Patient, Series, SeriesIssue, Study, Unreadable
from medviewer.dicom.suv import in_suv
from medviewer.imaging.volume import Unit

_ORIENTATION_TOLERANCE = 1e-4
_SPACING_TOLERANCE = 1e-4
_WITH_POSITION = frozenset({"CT", "MR", "PT"})


@dataclass(frozen=True)
class Arranged:
    """Patients in order, and the copies that contradict each other."""

    patients: tuple[Patient, ...]
    conflicts: tuple[Unreadable, ...]


def arrange(facts: Sequence[Facts], broken_series: Iterable[str] = ()) -> Arranged:
    """Group images; ``broken_series`` are the series UIDs of files that could not be read."""
    owners: dict[str, set[str]] = defaultdict(set)
    by_series: dict[tuple[str, str, str], list[Facts]] = defaultdict(list)
    for fact in facts:
        key = patient_key(fact.common)
        owners[fact.common.series_uid].add(key)
        by_series[key, fact.common.study_uid, fact.common.series_uid].append(fact)
    damaged = frozenset(broken_series)
    conflicts: list[Unreadable] = []
    studies: dict[tuple[str, str], list[Series]] = defaultdict(list)
    sample: dict[tuple[str, str], Facts] = {}
    shared = Counter(uid for _, _, uid in by_series)
    for (patient, study, uid), members in by_series.items():
        issues = {SeriesIssue.MIXED_PATIENT} if len(owners[uid]) > 1 else set()
        issues |= {SeriesIssue.UNREADABLE_FILE} if uid in damaged else set()
        unique, doubled = _deduplicated(members, conflicts)
        issues |= {SeriesIssue.DUPLICATE_INSTANCE} if doubled else set()
        issues |= {SeriesIssue.INCOMPLETE_CONCATENATION} if _lacks_parts(unique) else set()
        mark = _mark(patient, study) if shared[uid] > 1 else ""
        studies[patient, study] += _split(unique, patient, issues, mark)
        sample.setdefault((patient, study), members[0])
    patients = _patients(studies, sample)
    learn(patients)
    return Arranged(patients, tuple(conflicts))


def _mark(patient: str, study: str) -> str:
    """Keeps apart the keys of series that share one UID: no cache may take one patient for another."""
    return hashlib.sha256(f"{patient}\n{study}".encode()).hexdigest()[:8]


def _deduplicated(members: list[Facts], conflicts: list[Unreadable]) -> tuple[list[Facts], bool]:
    """One fact for every (SOP UID, frame). A copy that is not the same file byte for byte is reported."""
    kept: dict[tuple[str, int], Facts] = {}
    doubled = False
    for fact in members:
        key = (fact.instance.sop_uid, fact.instance.frame)
        other = kept.setdefault(key, fact)
        if other is fact:
            continue
        doubled = True
        if fact.instance.frame == 0 and not _same_file(fact.instance, other.instance):
            reason = "Another image has the same identifier but other content; that one is shown."
            conflicts.append(Unreadable(fact.instance.path, reason))
    return list(kept.values()), doubled


def _lacks_parts(members: list[Facts]) -> bool:
    """Whether an image that was cut into several files is not whole."""
    found: dict[str, set[int]] = defaultdict(set)
    totals: dict[str, int] = {}
    for part in (f.concatenation for f in members):
        if part is not None:
            found[part.uid].add(part.number)
            totals[part.uid] = max(totals.get(part.uid, 0), part.total or 0, part.number)
    return any(len(numbers) < totals[uid] for uid, numbers in found.items())


def _same_file(one: Instance, other: Instance) -> bool:
    try:
        return filecmp.cmp(one.path, other.path, shallow=False)
    except OSError:
        return False


def _near(values: tuple[float, ...] | None, known: list[tuple[float, ...]], tolerance: float) -> int:
    """Number of the first known tuple within tolerance; -1 for None."""
    if values is None:
        return -1
    for k, other in enumerate(known):
        if max(abs(a - b) for a, b in zip(values, other, strict=True)) <= tolerance:
            return k
    known.append(values)
    return len(known) - 1


Criterion = tuple[SeriesIssue, Callable[[Facts], Hashable]]


def _criteria() -> list[Criterion]:
    """What sets images apart, each with the issue it is told by."""
    turns: list[tuple[float, ...]] = []
    pitches: list[tuple[float, ...]] = []

    def shape(f: Facts) -> Hashable:
        i = f.instance
        return i.rows, i.columns, i.pixels.samples, i.pixels.photometric, i.sop_class

    def spacing(f: Facts) -> Hashable:
        return _near(f.instance.pixel_spacing, pitches, _SPACING_TOLERANCE)

    def turn(f: Facts) -> Hashable:
        return _near(f.instance.orientation, turns, _ORIENTATION_TOLERANCE)

    def meaning(f: Facts) -> Hashable:
        """Stored and real-world values may lie a million apart: in one window the small ones are black."""
        return None if f.instance.value_map is None else f.unit_label

    return [
        (SeriesIssue.MIXED_SIZE, shape),
        (SeriesIssue.MIXED_ORIENTATION, lambda f: "LOCALIZER" in f.instance.image_type),
        (SeriesIssue.MIXED_ORIENTATION, turn),
        (SeriesIssue.MIXED_SPACING, spacing),
        (SeriesIssue.MIXED_FRAME_OF_REFERENCE, lambda f: f.frame_of_reference_uid),
        (SeriesIssue.MIXED_UNIT, meaning),
    ]


def _split(members: list[Facts], patient: str, issues: set[SeriesIssue], mark: str) -> list[Series]:
    """Series of one series UID, patient and study: the largest part first; ``mark`` begins each part."""
    groups: list[list[Facts]] = [sorted(members, key=lambda f: file_order(f.instance))]
    found = set(issues)
    for issue, key in _criteria():
        parts = [_by(group, key) for group in groups]
        found |= {issue} if any(len(p) > 1 for p in parts) else set()
        groups = [part for p in parts for part in p]
    phases = [_phases(group) for group in groups]
    pieces = [(part, len(p) > 1) for p in phases for part in p]
    pieces.sort(key=lambda piece: -len(piece[0]))
    numbers = [str(n) for n in range(1, len(pieces) + 1)] if len(pieces) > 1 else [""]
    return [
        _series(
            part,
            patient,
            found | ({SeriesIssue.DUPLICATE_POSITION} if shared else set()),
            "-".join(word for word in (mark, number) if word),
        )
        for (part, shared), number in zip(pieces, numbers, strict=True)
    ]


def _by(group: list[Facts], key: Callable[[Facts], Hashable]) -> list[list[Facts]]:
    parts: dict[Hashable, list[Facts]] = defaultdict(list)
    for fact in group:
        parts[key(fact)].append(fact)
    return list(parts.values())


def _phases(group: list[Facts]) -> list[list[Facts]]:
    """Set apart images that share a place: by time, echo, b-value …, or two of these, else by their order.

    A fact that differs from image to image (an acquisition time) would leave heaps of single images: it
    counts only where it makes about as many parts as there are images at one place.
    """
    along = normal(group[0].instance)
    if along is None or len(group) < 2 or any(f.instance.position is None for f in group):
        return [group]
    place = _places(np.array([depth(f.instance, along) for f in group]))
    if len(set(place)) in (1, len(group)):  # one place over time is a film and stays together
        return [group]
    where = {id(f): p for f, p in zip(group, place, strict=True)}
    most = 2 * max(Counter(place).values()) - 1
    fields = range(len(_phase(group[0])))
    for keys in (*((k,) for k in fields), *combinations(fields, 2)):
        parts = _by(group, lambda f, keys=keys: tuple(_phase(f)[k] for k in keys))  # type: ignore[misc]
        if 1 < len(parts) <= most and all(len({where[id(f)] for f in part}) == len(part) for part in parts):
            return parts
    repeats: dict[int, list[Facts]] = defaultdict(list)
    seen: dict[int, int] = defaultdict(int)
    for fact, p in zip(group, place, strict=True):
        repeats[seen[p]].append(fact)
        seen[p] += 1
    return list(repeats.values())


def _phase(fact: Facts) -> tuple[str, ...]:
    """What may tell apart images at one place: first what they measure."""
    return fact.quantity, fact.unit_label, *fact.phase


def _places(depths: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[int]:
    """A number for every distinct position along the normal."""
    order = np.argsort(depths, kind="stable")
    numbers = np.concatenate(([0], np.cumsum(np.diff(depths[order]) > SAME_PLACE_MM)))
    place = np.empty(len(depths), dtype=int)
    place[order] = numbers
    return [int(p) for p in place]


def _series(members: list[Facts], patient: str, issues: set[SeriesIssue], part: str) -> Series:
    first = members[0]
    c = first.common
    factors = [f.suv for f in members]
    suv = None if None in factors else factors
    images = [in_suv(f.instance, f.suv) if suv and f.suv is not None else f.instance for f in members]
    labels, quantities = {f.unit_label for f in members}, {f.quantity for f in members}
    placed = stack(images, first.frame_of_reference_uid, _thickness(first))
    lossy = next((f.lossy for f in members if f.lossy), "")
    own = _own_issues(first, placed, lossy).union(*(f.flaws for f in members))
    return Series(
        uid=c.series_uid,
        study_uid=c.study_uid,
        patient_key=patient,
        modality=c.modality,
        instances=placed.instances,
        number=c.number,
        description=c.description,
        body_part=c.body_part,
        date=c.date,
        time=c.time,
        part=part,
        geometry=placed.geometry,
        frame_of_reference_uid=first.frame_of_reference_uid,
        unit=Unit.SUV if suv else _unit(members),
        unit_label=labels.pop() if len(labels) == 1 and not suv else "",
        quantity=quantities.pop() if len(quantities) == 1 else "",
        acquisition=c.acquisition,
        issues=frozenset(issues) | placed.issues | own,
        lossy=lossy,
    )


def _thickness(fact: Facts) -> float | None:
    return fact.common.acquisition.slice_thickness_mm


def _own_issues(first: Facts, placed: Stack, lossy: str) -> set[SeriesIssue]:
    issues: set[SeriesIssue] = set()
    positions = [i.position is None or i.orientation is None for i in placed.instances]
    if any(positions) and (first.common.modality in _WITH_POSITION or not all(positions)):
        issues.add(SeriesIssue.NO_POSITION)
    scaled = (i.pixel_spacing is not None or any(r.scale for r in i.regions) for i in placed.instances)
    if not all(scaled):
        issues.add(SeriesIssue.NO_SPACING)
    if not first.common.patient_id:
        issues.add(SeriesIssue.NO_PATIENT_ID)
    if lossy:
        issues.add(SeriesIssue.LOSSY)
    if first.common.modality == "PT" and first.suv is None:
        issues.add(SeriesIssue.NO_SUV)
    return issues


def _unit(members: list[Facts]) -> Unit:
    pixels = members[0].instance.pixels
    if pixels.samples == 3 or pixels.photometric == "PALETTE COLOR":
        return Unit.RGB
    return Unit.HU if all(f.hu for f in members) else Unit.RAW


def _patients(
    studies: dict[tuple[str, str], list[Series]], sample: dict[tuple[str, str], Facts]
) -> tuple[Patient, ...]:
    by_patient: dict[str, list[Study]] = defaultdict(list)
    who: dict[str, Facts] = {}
    for (patient, uid), series in studies.items():
        c = sample[patient, uid].common
        ordered = sorted(series, key=lambda s: (s.number is None, s.number or 0, s.uid, len(s.part), s.part))
        by_patient[patient].append(
            Study(uid, tuple(ordered), c.study_date, c.study_time, c.study_description, c.accession, c.age)
        )
        who.setdefault(patient, sample[patient, uid])
    made = []
    for key, found in by_patient.items():
        c = who[key].common
        newest = tuple(sorted(found, key=lambda s: (s.date, s.time), reverse=True))
        made.append(Patient(key, c.patient_id, c.name, newest, c.birth_date, c.sex))
    return tuple(sorted(made, key=lambda p: (p.name.casefold(), p.id, p.key)))
