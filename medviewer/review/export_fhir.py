"""The report as a FHIR R4 DiagnosticReport: everything it refers to is contained in it, nothing is fetched.

It is preliminary whatever the reader decided: only a signed report is final, and this program signs nothing.
Findings that the reader rejected, and the model's own of those that the reader modified, stay, marked
"entered-in-error", so that no system takes them for true. The patient is not named unless that is asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from medviewer.ai.findings import Code
from medviewer.dicom.captions import display_name
from medviewer.dicom.values import plain
from medviewer.review.export_facts import (
    Compared,
    Facts,
    Figure,
    Found,
    MadeBy,
    Measured,
    Place,
    Subject,
)
from medviewer.review.report_model import LEGAL
from medviewer.review.state import Verdict

UCUM = "http://unitsofmeasure.org"
UID_SYSTEM = "urn:dicom:uid"
SYSTEMS = {
    "SCT": "http://snomed.info/sct",
    "LN": "http://loinc.org",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "RADLEX": "http://radlex.org",
    "FMA": "http://sig.biostr.washington.edu/projects/fm",
    "UCUM": UCUM,
}
"""Coding scheme designators of DICOM (PS3.16 8) as FHIR names them; a code of any other is text alone."""
SCORE_OF_MODEL, THRESHOLD_OF_MODEL = "Score of the model", "Threshold of the model"
THRESHOLD_OF_READER = "Threshold set by the reader"
_GENDERS = {"M": "male", "F": "female", "O": "other"}
_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")

Json = dict[str, Any]


def fhir_text(facts: Facts, subject: Subject | None = None) -> str:
    """The file's text. ``subject``: the patient, where the reader wants the report to name them."""
    return json.dumps(report_of(facts, subject), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def report_of(facts: Facts, subject: Subject | None = None) -> Json:
    """The resource as plain values."""
    makers = list(dict.fromkeys(found.made for found in facts.found))
    devices = {made: f"model-{k}" for k, made in enumerate(makers, start=1)}
    observations = [
        *(_finding(f, _device_of(f, devices), facts, k) for k, f in enumerate(facts.found, start=1)),
        *(_comparison(c, facts, k) for k, c in enumerate(facts.compared, start=1)),
        *(_measurement(m, facts, k) for k, m in enumerate(facts.measured, start=1)),
    ]
    contained = [*observations, *(_device(made, name) for made, name in devices.items())]
    report: Json = {
        "resourceType": "DiagnosticReport",
        "text": _narrative(facts),
        "contained": contained,
        "status": "preliminary",
        "category": [_coded("http://terminology.hl7.org/CodeSystem/v2-0074", "RAD", "Radiology")],
        "code": _coded(SYSTEMS["LN"], "18748-4", "Diagnostic imaging study", facts.title),
        "issued": facts.generated,
        "imagingStudy": [_study(facts)],
        "result": [{"reference": f"#{one['id']}"} for one in observations],
        "conclusion": _conclusion(facts),
    }
    if subject is not None:
        contained.append(_patient(subject))
        for one in (report, *observations):
            one["subject"] = {"reference": "#patient"}
    return dict(_full(report))


def _full(value: Any) -> Any:
    """Without what is empty: FHIR knows no empty values, lists, objects, nor spaces at the ends of text."""
    if isinstance(value, dict):
        return {key: full for key, part in value.items() if not _is_empty(full := _full(part))}
    if isinstance(value, list):
        return [full for part in value if not _is_empty(full := _full(part))]
    return value.strip() if isinstance(value, str) else value


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


# --- parts -----------------------------------------------------------------------------------------------


def _coded(system: str, code: str, display: str, text: str = "") -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": plain(text) or display}


def _concept(text: str, code: Code | None = None) -> Json:
    """A concept; coded where its scheme has a name in FHIR."""
    words = plain(text) or "not named"
    if code is None or code.scheme not in SYSTEMS:
        return {"text": words}
    return _coded(SYSTEMS[code.scheme], code.value, code.meaning, words)


def _by_uid(kind: str, uid: str) -> Json:
    """A resource that is elsewhere, by its DICOM UID: named, never fetched."""
    return {"type": kind, "identifier": {"system": UID_SYSTEM, "value": f"urn:oid:{uid}"}}


def _study(facts: Facts) -> Json:
    return _by_uid("ImagingStudy", facts.study_uid)


def _sources(facts: Facts, place: Place) -> list[Json]:
    """The study, and the image that shows it."""
    image = [_by_uid("Media", place.sop_uid)] if place.sop_uid else []
    return [_study(facts), *image]


def _patient(subject: Subject) -> Json:
    patient: Json = {"resourceType": "Patient", "id": "patient"}
    patient["identifier"] = [{"value": plain(subject.id)}]
    if name := _name(subject.name):
        patient["name"] = [name]
    if subject.sex in _GENDERS:
        patient["gender"] = _GENDERS[subject.sex]
    if match := _DATE.fullmatch(subject.birth_date):
        patient["birthDate"] = "-".join(match.groups())
    return patient


def _name(pn: str) -> Json:
    """A PN value (PS3.5 6.2.1) as HumanName: the alphabetic group in its parts, all of it as text."""
    whole = display_name(pn)
    if not whole:
        return {}
    parts = [plain(part) for part in pn.split("=", maxsplit=1)[0].split("^")] + [""] * 5
    family, given, middle, prefix, suffix = parts[:5]
    name: Json = {"text": whole, "family": family, "given": [given, middle]}
    return name | {"prefix": [prefix], "suffix": [suffix]}


def _device(made: MadeBy, name: str) -> Json:
    notes = [f"Weights SHA-256 {made.weights_sha256}" if made.weights_sha256 else "", made.intended_use]
    device: Json = {
        "resourceType": "Device",
        "id": name,
        "deviceName": [{"name": plain(made.title) or made.id, "type": "model-name"}],
        "modelNumber": made.id,
        "version": [{"value": made.version}],
        "note": [{"text": plain(note)} for note in (*notes, LEGAL)],
    }
    return device


def _quantity(figure: Figure, value: float) -> Json:
    rounded = round(value, figure.decimals) + 0.0
    quantity: Json = {"value": int(rounded) if figure.decimals == 0 else rounded, "unit": figure.unit}
    return quantity | {"system": UCUM, "code": figure.ucum}


def _components(figures: Sequence[Figure]) -> list[Json]:
    """Each number; a range follows it as one of its own, for a reference range is another thing."""
    found: list[Json] = []
    for figure in figures:
        one: Json = {"code": _concept(figure.name)}
        if figure.value is None:
            one["dataAbsentReason"] = _coded(
                "http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown", "Unknown"
            )
        else:
            one["valueQuantity"] = _quantity(figure, figure.value)
        found.append(one)
        if figure.low is not None and figure.high is not None:
            ends = {"low": _quantity(figure, figure.low), "high": _quantity(figure, figure.high)}
            found.append({"code": _concept(f"{figure.name}, uncertainty range"), "valueRange": ends})
    return found


def _score(found: Found) -> list[Json]:
    if found.score is None:
        return []
    meaning = f" ({found.score_meaning})" if found.score_meaning else ""
    value: Json = {"value": float(f"{found.score:.6g}"), "system": UCUM, "code": "1"}
    parts = [{"code": _concept(f"{SCORE_OF_MODEL}{meaning}"), "valueQuantity": value}]
    own = found.own.value if found.own is not None else None
    for name, threshold in ((THRESHOLD_OF_MODEL, found.threshold), (THRESHOLD_OF_READER, own)):
        if threshold is not None:
            parts.append({"code": _concept(name), "valueQuantity": {**value, "value": threshold}})
    return parts


def _device_of(found: Found, devices: Mapping[MadeBy, str]) -> Json:
    """The model that made it; none made the reader's outline."""
    return {} if found.of_reader else {"reference": f"#{devices[found.made]}"}


def _finding(found: Found, device: Json, facts: Facts, number: int) -> Json:
    """A finding as one Observation: its numbers, its score and the decision are components."""
    judged = found.judged
    decision = {
        "code": _concept("Reader's decision"),
        "valueCodeableConcept": {"text": found.decision},
    }
    notes = [
        f"Reason: {judged.reason}" if judged.reason else "",
        found.criterion,
        *(found.own.sentences if found.own is not None else ()),
        *found.remarks,
        *(f"{f.name}: indicative, {f.indicative}" for f in found.figures if f.indicative),
        LEGAL,
    ]
    withdrawn = judged.verdict is Verdict.REJECTED or found.is_replaced
    # The model's own goes before what the reader made of it.
    origin = [{"reference": f"#finding-{number - 1}"}] if found.of_reader else []
    observation: Json = {
        "resourceType": "Observation",
        "id": f"finding-{number}",
        "status": "entered-in-error" if withdrawn else "preliminary",
        "code": _concept(found.label, found.code),
        "issued": judged.time or facts.generated,
        "performer": [{"display": plain(judged.reader)}],
        "valueString": plain(found.sentence),
        "note": [{"text": plain(note)} for note in notes],
        "device": device,
        "derivedFrom": [*origin, *_sources(facts, found.place)],
        "component": [*_components(found.figures), *_score(found), decision],
    }
    return observation


def _comparison(compared: Compared, facts: Facts, number: int) -> Json:
    """Two models' outlines of one structure: no device of its own, it comes from findings of both."""
    both = [k for k, found in enumerate(facts.found, start=1) if found.id in compared.finding_ids]
    observation: Json = {
        "resourceType": "Observation",
        "id": f"comparison-{number}",
        "status": "preliminary",
        "code": _concept(f"Second opinion: {compared.structure}"),
        "issued": facts.generated,
        "valueString": plain(compared.text),
        "note": [{"text": LEGAL}],
        "derivedFrom": [_study(facts), *({"reference": f"#finding-{k}"} for k in both)],
        "component": _components(compared.figures),
    }
    return observation


def _measurement(measured: Measured, facts: Facts, number: int) -> Json:
    observation: Json = {
        "resourceType": "Observation",
        "id": f"measurement-{number}",
        "status": "preliminary",
        "code": _concept(f"Measured by the reader: {measured.kind}"),
        "issued": measured.time or facts.generated,
        "performer": [{"display": plain(measured.reader)}],
        "valueString": plain(measured.text),
        "note": [{"text": plain(measured.note)}],
        "derivedFrom": _sources(facts, measured.place),
        "component": _components(measured.figures),
    }
    return observation


def _sentences(facts: Facts) -> list[str]:
    """What the reader agreed to, and the reader's own words."""
    told = [found.sentence for found in facts.found if found.is_agreed]
    return [plain(text) for text in (*told, facts.impression) if text.strip()]


def _conclusion(facts: Facts) -> str:
    pending = sum(found.judged.verdict is Verdict.PENDING for found in facts.found)
    some = "1 finding of a model was" if pending == 1 else f"{pending} findings of models were"
    open_ones = f"{some} not reviewed." if pending else ""
    return " ".join(part for part in (LEGAL, *_runs(facts), *_sentences(facts), open_ones) if part)


def _runs(facts: Facts) -> list[str]:
    return [plain(run.text) for run in facts.runs]


def _narrative(facts: Facts) -> Json:
    """What a system shows that understands nothing else (XHTML, every word escaped)."""
    lines = [f"AI, not for diagnostic use. {LEGAL}", *_runs(facts), *_sentences(facts)]
    lines += [
        f"{found.label}: {found.decision} ({found.made.id} {found.made.version})" for found in facts.found
    ]
    lines += [compared.text for compared in facts.compared]
    lines += [f"Measured by the reader: {m.kind} {m.text}" for m in facts.measured]
    body = "".join(f"<p>{escape(plain(line))}</p>" for line in lines)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'}
