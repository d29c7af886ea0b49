"""What FHIR R4 (4.0.1) demands of the resources we write, kept apart from the code that writes them.

Written from the resource definitions: which elements there are, which must be there, what their values may
be, and the invariants of DomainResource, DiagnosticReport and Observation that apply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
UID = re.compile(r"urn:oid:[0-2](\.(0|[1-9]\d*))+")
UCUM_CODES = {"%", "mL", "[hnsf'U]", "mm", "mm2", "cm", "cm2", "deg", "1", "{pixels}"}
SYSTEMS = {
    "http://snomed.info/sct",
    "http://loinc.org",
    "http://dicom.nema.org/resources/ontology/DCM",
    "http://terminology.hl7.org/CodeSystem/v2-0074",
    "http://terminology.hl7.org/CodeSystem/data-absent-reason",
}
REPORT_STATUS = {
    "registered",
    "partial",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "appended",
    "cancelled",
}
OBSERVATION_STATUS = {
    "registered",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "cancelled",
    "entered-in-error",
}
_ELEMENTS = {
    "DiagnosticReport": "text contained status category code subject issued imagingStudy result conclusion",
    "Observation": ("id status code subject issued performer valueString note device derivedFrom component"),
    "Device": "id deviceName modelNumber version note",
    "Patient": "id identifier name gender birthDate",
}
ELEMENTS = {kind: frozenset(words.split(" ")) for kind, words in _ELEMENTS.items()}
"""Of the many elements those that we mean to use: any other is a slip."""
COMPONENT = {"code", "valueQuantity", "valueCodeableConcept", "valueRange", "dataAbsentReason"}
REFERENCES = {
    "subject": {"Patient"},
    "device": {"Device"},
    "result": {"Observation"},
    "derivedFrom": {"Observation"},
}


def faults(report: dict[str, Any]) -> list[str]:
    """Everything that is wrong with a DiagnosticReport; [] where nothing is."""
    return list(_report(report))


def _report(report: dict[str, Any]) -> Iterator[str]:
    if report.get("resourceType") != "DiagnosticReport":
        yield "no DiagnosticReport"
    contained = {one.get("id"): one for one in report.get("contained", [])}
    yield from _resource(report)
    if report.get("status") not in REPORT_STATUS:
        yield "status"
    yield from _concept(report.get("code"), "code")
    for category in report.get("category", []):
        yield from _concept(category, "category")
    if not INSTANT.fullmatch(report.get("issued", "")):
        yield "issued"
    yield from _narrative(report.get("text"))
    if len(contained) != len(report.get("contained", [])):
        yield "dom: ids of contained resources are not unique"
    used = set()
    for place, reference in _references(report, ""):
        yield from _reference(place, reference, contained)
        used.add(reference.get("reference", "").removeprefix("#"))
    yield from (f"dom-3: {name} is not referred to" for name in contained if name not in used)
    for one in contained.values():
        if not ID.fullmatch(one.get("id", "")):
            yield "id"
        if {"contained", "meta", "text"} & one.keys():
            yield "dom-2, dom-4, dom-5: contained resources hold none of these"
        yield from _resource(one)
        yield from {"Observation": _observation, "Device": _device, "Patient": _patient}[one["resourceType"]](
            one
        )


def _resource(one: dict[str, Any]) -> Iterator[str]:
    kind = one.get("resourceType", "")
    for key in one.keys() - ELEMENTS.get(kind, frozenset()) - {"resourceType"}:
        yield f"{kind} has no use for {key}"
    yield from _empty(one, kind)


def _empty(value: Any, place: str) -> Iterator[str]:
    """FHIR has no empty values, lists or objects, nor text of spaces alone."""
    if value is None or (isinstance(value, (str, list, dict)) and not value):
        yield f"{place} is empty"
    if isinstance(value, str) and (not value.strip() or value != value.strip()):
        yield f"{place} has spaces at its ends"
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from _empty(part, f"{place}.{key}")


def _references(value: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        if "reference" in value or ("identifier" in value and value.get("type")):
            yield place, value
        for key, part in value.items():
            yield from _references(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part, place)


def _reference(place: str, reference: dict[str, Any], contained: dict[str, Any]) -> Iterator[str]:
    if "reference" in reference:
        name = reference["reference"]
        target = contained.get(name.removeprefix("#"), {})
        if not name.startswith("#") or not target:
            yield f"{name} leads nowhere"
        elif target["resourceType"] not in REFERENCES.get(place, set()):
            yield f"{place} may not be a {target['resourceType']}"
    else:
        identifier = reference["identifier"]
        if identifier.get("system") != "urn:dicom:uid" or not UID.fullmatch(identifier.get("value", "")):
            yield f"{place} is no DICOM UID"


def _concept(concept: Any, place: str) -> Iterator[str]:
    if not isinstance(concept, dict) or not concept.keys() <= {"coding", "text"} or not concept:
        yield f"{place} is no CodeableConcept"
        return
    for coding in concept.get("coding", []):
        if coding.keys() != {"system", "code", "display"} or coding["system"] not in SYSTEMS:
            yield f"{place} is coded in no known system"


def _quantity(quantity: Any, place: str) -> Iterator[str]:
    if not isinstance(quantity, dict) or not isinstance(quantity.get("value"), (int, float)):
        yield f"{place} has no value"
        return
    if quantity.get("system") != "http://unitsofmeasure.org" or quantity.get("code") not in UCUM_CODES:
        yield f"{place} has no UCUM unit"
    if quantity.keys() - {"value", "unit", "system", "code"}:
        yield f"{place} has strange parts"


def _observation(one: dict[str, Any]) -> Iterator[str]:
    if one.get("status") not in OBSERVATION_STATUS:
        yield "Observation.status"
    yield from _concept(one.get("code"), "Observation.code")
    if not INSTANT.fullmatch(one.get("issued", "")):
        yield "Observation.issued"
    for part in one.get("component", []):
        yield from _component(part, one)
    for note in one.get("note", []):
        if note.keys() != {"text"}:
            yield "Annotation"


def _component(part: dict[str, Any], one: dict[str, Any]) -> Iterator[str]:
    yield from _concept(part.get("code"), "component.code")
    if part.keys() - COMPONENT or len(part) != 2:
        yield "a component has one value, or why it has none"
    if part.get("code") == one.get("code"):
        yield "obs-7"
    if "valueQuantity" in part:
        yield from _quantity(part["valueQuantity"], "component")
    if "valueRange" in part:
        low, high = part["valueRange"]["low"], part["valueRange"]["high"]
        yield from (*_quantity(low, "low"), *_quantity(high, "high"))
        if low["value"] > high["value"]:
            yield "rng-2"
    for key in ("valueCodeableConcept", "dataAbsentReason"):
        if key in part:
            yield from _concept(part[key], key)


def _device(one: dict[str, Any]) -> Iterator[str]:
    for name in one.get("deviceName", []):
        if name.keys() != {"name", "type"} or name["type"] not in {
            "model-name",
            "manufacturer-name",
            "other",
        }:
            yield "Device.deviceName"
    if any(set(version) != {"value"} for version in one.get("version", [])):
        yield "Device.version"


def _patient(one: dict[str, Any]) -> Iterator[str]:
    if one.get("gender", "male") not in {"male", "female", "other", "unknown"}:
        yield "Patient.gender"
    if not DATE.fullmatch(one.get("birthDate", "2000")):
        yield "Patient.birthDate"


def _narrative(text: Any) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("status") != "generated":
        yield "dom-6: no narrative"
        return
    from xml.etree import ElementTree

    root = ElementTree.fromstring(text["div"])
    if root.tag != "{http://www.w3.org/1999/xhtml}div":
        yield "txt-1"
    if not {e.tag.split("}")[1] for e in root.iter()} <= {"div", "p"}:
        yield "txt-1: strange elements"
    if not "".join(root.itertext()).strip():
        yield "txt-2"
