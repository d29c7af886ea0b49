"""Who made a result, from what: the record without which there is no result."""

from __future__ import annotations

import hashlib
from datetime import datetime

from medviewer import __version__
from medviewer.ai.card import ModelCard
from medviewer.ai.findings import Provenance
from medviewer.dicom.study import Series


def instances_digest(series: Series) -> str:
    """SHA-256 over the SOP Instance UIDs in display order, newline-joined."""
    joined = "\n".join(instance.sop_uid for instance in series.instances)
    return hashlib.sha256(joined.encode("ascii", "replace")).hexdigest()


def make_provenance(
    card: ModelCard,
    series: Series,
    study_uid: str,
    *,
    started: datetime,
    seconds: float,
    torch_version: str,
    device: str = "",
    dtype: str = "",
    forced: bool = False,
) -> Provenance:
    """The record of one run; ``device`` and ``dtype`` stay empty where the network never ran."""
    return Provenance(
        model_id=card.id,
        model_version=card.version,
        model_title=card.title,
        weights_sha256=card.weights.sha256,
        intended_use=card.intended_use,
        app_version=__version__,
        torch_version=torch_version,
        device=device,
        dtype=dtype,
        seconds=round(seconds, 3),
        started=started.astimezone().isoformat(timespec="seconds"),
        study_uid=study_uid or series.study_uid,
        series_uid=series.uid,
        instances_sha256=instances_digest(series),
        forced=forced,
    )
