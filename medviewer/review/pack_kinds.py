"""What an evidence pack may hold, in the order in which it is offered and written: the SEG before the SR."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """``id`` names it in code and manifest; ``sentence`` says what it is for, to a reader in a hurry."""

    id: str
    name: str
    sentence: str
    default: bool = False


KINDS: tuple[Kind, ...] = (
    Kind(
        "SEG",
        "Outlines (DICOM SEG)",
        "The models' outlines voxel for voxel, those you edited beside them, for any viewer that reads them.",
        True,
    ),
    Kind(
        "SR",
        "Findings (DICOM SR)",
        "Every finding with its figures and your decision, coded; it refers to the images and the outlines.",
        True,
    ),
    Kind(
        "PDF",
        "Report (PDF)",
        "The report as pages: a PDF file, and the same inside a DICOM object for the archive.",
        True,
    ),
    Kind(
        "SC",
        "Pictures (Secondary Capture)",
        "The report's pictures with the outlines burned in, for archives that show nothing else.",
    ),
    Kind(
        "KOS",
        "Key images (Key Object Selection)",
        "A list of the images you marked, so that others find them.",
    ),
    Kind(
        "GSPS",
        "Annotations (presentation state)",
        "What you drew and measured, laid over the images without changing them.",
    ),
    Kind("CSV", "Table (CSV)", "All figures as a table for a spreadsheet; it does not name the patient."),
    Kind(
        "FHIR",
        "Report for systems (FHIR)",
        "Findings and figures as FHIR JSON; it does not name the patient.",
    ),
)


def default_kinds() -> frozenset[str]:
    """What is ticked unless the reader says otherwise."""
    return frozenset(kind.id for kind in KINDS if kind.default)
