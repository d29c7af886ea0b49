"""From figures, key images and drawings of a session to the values that DICOM objects are written from.

Small and apart on purpose: it knows the state of a session, the writers (``dicom.evidence``) do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from medviewer.ai.findings import AnalysisResult
from medviewer.dicom.evidence.capture import Capture
from medviewer.dicom.evidence.document_object import Document
from medviewer.dicom.evidence.key_objects import KeyObjects
from medviewer.dicom.evidence.references import Maker, Shown
from medviewer.dicom.study import Instance, Series
from medviewer.imaging.burned import burned
from medviewer.imaging.reslice import Plane, PlaneView
from medviewer.review.report_model import LEGAL, Figure, Report
from medviewer.review.state import KeyImage, State

AI_LABEL = "AI, not for diagnostic use"
READER_LABEL = "Not for diagnostic use"


def shown_of(instance: Instance) -> Shown:
    """What names an image in an object."""
    return Shown(instance.sop_uid, instance.frame + 1 if instance.frames > 1 else 0)


def makers_of(results: Iterable[AnalysisResult]) -> tuple[Maker, ...]:
    """The models behind results, each version once."""
    made = {(r.provenance.model_id, r.provenance.model_version): r.provenance for r in results}
    return tuple(
        Maker(p.model_title, p.model_version, f"{p.model_id}, weights SHA-256 {p.weights_sha256}")
        for p in made.values()
    )


def captures_of(
    figures: Sequence[Figure], series: Series, results: Sequence[AnalysisResult]
) -> tuple[Capture, ...]:
    """The figures of one series as the report shows them, with what they are burned in beneath.

    ``figures``: of ``series`` alone; ``results``: those whose outlines may be drawn on them.
    """
    return tuple(_capture(figure, series, results) for figure in figures)


def _capture(figure: Figure, series: Series, results: Sequence[AnalysisResult]) -> Capture:
    behind = _behind(figure, results)
    names = [f"{r.provenance.model_id} {r.provenance.model_version}" for r in behind]
    made = f"Drawn on it by {' and '.join(dict.fromkeys(names))}" if names else ""
    legend = "; ".join(f"{line.name}: {line.words}" for line in figure.legend)
    lines = (AI_LABEL if behind else READER_LABEL, made, legend[:1].upper() + legend[1:], figure.caption)
    about = [series.instances[figure.index]] if figure.index is not None else series.instances
    return Capture(
        burned(figure.rgb, lines),
        f"{figure.caption} {LEGAL}",
        tuple(dict.fromkeys(shown_of(instance) for instance in about)),
        makers=makers_of(behind),
    )


def _behind(figure: Figure, results: Sequence[AnalysisResult]) -> list[AnalysisResult]:
    """Whose outlines or lines the picture may show: where that is not told, everybody's."""
    named = [r for r in results if {f.id for f in r.findings} & set(figure.finding_ids)]
    return named or (list(results) if figure.legend or figure.finding_ids else [])


def keys_of(state: State) -> KeyObjects:
    """The stored images that the reader marked in the study on screen, with their captions.

    An image of a plane across the slices is none: it is left to the captures.
    """
    marked = [(image, found) for image in state.key_images if (found := key_instance(state, image))]
    captions = [f"{k}: {image.caption}" for k, (image, _) in enumerate(marked, start=1) if image.caption]
    return KeyObjects(
        tuple(dict.fromkeys(shown_of(found) for _, found in marked)), "; ".join(captions), state.reader
    )


def key_instance(state: State, image: KeyImage) -> Instance | None:
    """The stored image that was marked; None for one of another study, or across the slices."""
    study = state.study.series if state.study is not None else ()
    series = next((s for s in study if s.key == image.series_key), None)
    if series is None:
        return None
    k = stored_index(series, image.plane, image.index)
    return series.instances[k] if k is not None and 0 <= k < len(series.instances) else None


def stored_index(series: Series, plane: Plane, index: int) -> int | None:
    """Which stored image is picture ``index`` of a plane; None where the plane cuts across the images."""
    if plane is Plane.NATIVE:
        return index
    if series.geometry is None:
        return None
    view = PlaneView((len(series.instances), *series.size), series.geometry, plane)
    return view.stored_index(index) if view.axes[0] == 0 else None


def document_of(pdf: bytes, report: Report, results: Sequence[AnalysisResult]) -> Document:
    """The report's PDF with its title and the models whose findings it tells."""
    return Document(pdf, report.title, makers_of(results))
