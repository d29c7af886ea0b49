"""What a report says of itself: how far it is, who verified it, what it stands on (PS3.3 C.17.2)."""

from __future__ import annotations

from medviewer.dicom.captions import display_name
from medviewer.dicom.objects.guarded import Item
from medviewer.dicom.other_objects import kind_of

_FLAGS = {"COMPLETE": "complete", "PARTIAL": "partial", "VERIFIED": "verified", "UNVERIFIED": "not verified"}


def flags_of(item: Item) -> str:
    """ "complete, verified, by Roe, Richard"."""
    told = [_FLAGS.get(item.code(k), "") for k in ("CompletionFlag", "VerificationFlag")]
    told += [f"by {name}" for name in _verifiers(item)]
    return ", ".join(word for word in told if word)


def _verifiers(item: Item) -> list[str]:
    names = [display_name(v.text("VerifyingObserverName")) for v in item.items("VerifyingObserverSequence")]
    return [name for name in names if name]


def evidence_of(item: Item) -> set[str]:
    """The images of the whole report (PS3.3 C.17.2.3), no other report or segmentation."""
    found: set[str] = set()
    for keyword in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence"):
        for study in item.items(keyword):
            for series in study.items("ReferencedSeriesSequence"):
                named = series.items("ReferencedSOPSequence")
                images = (
                    r for r in named if kind_of(r.code("ReferencedSOPClassUID"), has_pixels=False) is None
                )
                found.update(image.code("ReferencedSOPInstanceUID") for image in images)
    return found - {""}
