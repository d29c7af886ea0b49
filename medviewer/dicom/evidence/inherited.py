"""What a new object takes over from an image: the attributes of patient and study, cleaned.

PS3.3 C.7.1.1 (patient), C.7.1.3 and C.7.2.3 (trial), C.7.2.1 (study), C.7.2.2 (patient at the study).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pydicom import config
from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID

from medviewer.dicom.evidence.walked import read_walked
from medviewer.dicom.objects.guarded import Item, read_guarded
from medviewer.errors import UnreadableImage

_EMPTY_ALLOWED = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
)
"""Type 2: they stand in every object, empty where nothing is known."""
AS_IT_IS = ("PatientName", "PatientID")
"""Never shortened or dropped, however long: an object without them would be nobody's."""
_IF_TOLD = (
    "IssuerOfPatientID",
    "TypeOfPatientID",
    "PatientBirthTime",
    "OtherPatientIDs",
    "OtherPatientNames",
    "EthnicGroup",
    "PatientComments",
    "QualityControlSubject",
    "PatientSpeciesDescription",
    "PatientBreedDescription",
    "ResponsiblePerson",
    "ResponsiblePersonRole",
    "ResponsibleOrganization",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "LongitudinalTemporalInformationModified",
    "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID",
    "ClinicalTrialProtocolName",
    "ClinicalTrialSiteID",
    "ClinicalTrialSiteName",
    "ClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID",
    "ClinicalTrialTimePointID",
    "ClinicalTrialTimePointDescription",
    "StudyDescription",
    "PhysiciansOfRecord",
    "NameOfPhysiciansReadingStudy",
    "AdmittingDiagnosesDescription",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "Occupation",
    "AdditionalPatientHistory",
    "AdmissionID",
    "PatientState",
    "MedicalAlerts",
    "Allergies",
    "SmokingStatus",
    "PregnancyStatus",
    "PatientSexNeutered",
)
CODED = ("ProcedureCodeSequence", "DeidentificationMethodCodeSequence", "PatientSpeciesCodeSequence")
_TEXT = frozenset({"LO", "SH", "PN", "LT", "ST", "UT"})
_LENGTHS = {"LO": 64, "SH": 16, "LT": 10240, "ST": 1024, "UT": 2**31, "PN": 324}
_RULES = {
    "DA": re.compile(r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"),
    "TM": re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d|60)?(?(3)(\.\d{1,6})?))?"),
    "AS": re.compile(r"\d{3}[DWMY]"),
    "CS": re.compile(r"[A-Z0-9 _]{1,16}"),
    "DS": re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"),
    "US": re.compile(r"\d{1,5}"),
}
_SEXES = ("M", "F", "O")
_UID = re.compile(r"[0-9.]{1,64}")


TAKEN_OVER = ("StudyInstanceUID", *_EMPTY_ALLOWED, *_IF_TOLD, *CODED)
"""Every attribute that may be taken over."""


def inherit(path: Path) -> tuple[Dataset, tuple[str, ...]]:
    """The attributes of patient and study, and the names of those left empty or out as not usable.

    Raises :class:`UnreadableImage` where the image does not say to which study it belongs.
    """
    item, header = read_walked(path, TAKEN_OVER)
    ds, unusable = Dataset(), []
    study = item.code("StudyInstanceUID")
    if not _UID.fullmatch(study):
        raise UnreadableImage(
            "An image does not say to which study it belongs, so nothing can be added to that study.",
            "Mend the images where they come from.",
        )
    ds.StudyInstanceUID = UID(study)
    for keyword in (*_EMPTY_ALLOWED, *_IF_TOLD):
        value = _value(item, keyword)
        needed = keyword in _EMPTY_ALLOWED
        if value is None or (needed and keyword not in item.dataset):
            unusable.append(dictionary_description(keyword))
        if value or needed:
            _put(ds, keyword, value or None)
    named = [keyword for keyword in CODED if tag_for_keyword(keyword) in header.present]
    if named and not header.sound:
        unusable += [dictionary_description(keyword) for keyword in named]
    elif named:
        _take_codes(read_guarded(path)[0], named, ds)
    return ds, tuple(unusable)


def _put(ds: Dataset, keyword: str, value: str | int | None) -> None:
    """Set an attribute as it is: it was judged here, by rules that tell what they drop."""
    tag = tag_for_keyword(keyword)
    if tag is not None:
        ds.add(DataElement(tag, dictionary_VR(tag), value, validation_mode=config.IGNORE))


def _take_codes(item: Item, keywords: Iterable[str], ds: Dataset) -> None:
    for keyword in keywords:
        codes = [code for entry in item.items(keyword) if (code := _code(entry)) is not None]
        if codes:
            setattr(ds, keyword, codes)


def _value(item: Item, keyword: str) -> str | int | None:
    """The value; "" where there is none, None where it is not what its VR allows."""
    vr = dictionary_VR(keyword)
    if vr in _TEXT:
        found = words(item, keyword)
        return (
            found
            if keyword in AS_IT_IS or all(len(part) <= _LENGTHS[vr] for part in found.split("\\"))
            else None
        )
    if vr == "US":
        return next(iter(item.shorts(keyword)), "")
    code = item.code(keyword)
    if not code:
        return ""
    if keyword == "PatientSex" and code not in _SEXES:
        return None
    return code if _RULES[vr].fullmatch(code) else None


def words(item: Item, keyword: str) -> str:
    """Plain ASCII as it stands (two spaces in an id are two); else decoded, control characters left out."""
    raw = item.raw(keyword).strip(b"\0 ")
    if raw.isascii() and raw.decode("ascii").isprintable():
        return raw.decode("ascii")
    return item.text(keyword)


def _code(entry: Item) -> Dataset | None:
    parts = [entry.text(k) for k in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")]
    if not all(parts) or len(parts[0]) > 16 or len(parts[1]) > 16 or len(parts[2]) > 64:
        return None
    ds = Dataset()
    ds.CodeValue, ds.CodingSchemeDesignator, ds.CodeMeaning = parts
    return ds
