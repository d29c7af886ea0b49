"""Report…: builds the report beside the window, shows its pages, writes PDF, HTML and JSON.

What makes and draws it is imported by the job that does: the window starts a fifth of a second sooner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from medviewer import __version__
from medviewer.errors import MedviewerError
from medviewer.review.files import atomic_write, make_folder
from medviewer.review.session import Session
from medviewer.review.state import State
from medviewer.review.store import local_now
from medviewer.ui.analyzing import Analyzing
from medviewer.ui.jobs import Job, JobContext, JobRunner
from medviewer.ui.opening import Opening

if TYPE_CHECKING:
    from medviewer.review.report import Report

FORMATS = ("pdf", "html", "json")


@dataclass(frozen=True, eq=False)
class Built:
    """A report, the bytes of its PDF, and its pages as pictures (rows, columns, 3)."""

    report: Report
    pdf: bytes
    pages: tuple[NDArray[np.uint8], ...]
    names: dict[str, str]
    """File name by format."""


class Exporting(QObject):
    """One export at a time; a failed one leaves nothing behind."""

    built = Signal(object)
    """:class:`Built`, for the preview."""
    written = Signal(list)
    """list[Path]"""
    problem = Signal(str)
    note = Signal(str)

    def __init__(self, session: Session, runner: JobRunner, opening: Opening, analyzing: Analyzing) -> None:
        super().__init__(opening)
        self._session = session
        self._runner = runner
        self._opening = opening
        self._analyzing = analyzing
        self._newest: Job | None = None

    def build(self, width: int) -> None:
        """Make the report of what is on screen now, its pages as pictures of ``width`` pixels; ``built``
        follows, or ``problem``."""
        self._runner.cancel("export")
        work = self._builder(self._session.state, width)
        job = self._newest = self._runner.submit("export", work)
        job.succeeded.connect(self._built)
        job.failed.connect(self._failed)

    def _builder(self, state: State, width: int) -> Callable[[JobContext], Built]:
        volumes = self._opening.volumes()
        bundles = (self._analyzing.bundle(r.provenance.model_id) for r in state.results_here)
        cards = {bundle.card.id: bundle.card for bundle in bundles if bundle is not None}

        def work(context: JobContext) -> Built:
            from medviewer.review.pdf_pages import page_pictures
            from medviewer.review.report import build, suggest_name
            from medviewer.review.report_pdf import pdf_bytes

            now = local_now()
            report = build(state, now=now, app_version=__version__, cards=cards, volumes=volumes)
            context.check()
            pdf = pdf_bytes(report)
            pages = []
            for page in page_pictures(pdf, width):
                context.check()
                pages.append(page)
            names = {kind: suggest_name(state, kind, now) for kind in FORMATS}
            return Built(report, pdf, tuple(pages), names)

        return work

    def _built(self, made: Built) -> None:
        if self.sender() is self._newest:
            self.built.emit(made)

    def _failed(self, error: MedviewerError) -> None:
        self.problem.emit(error.sentence())

    def write(self, made: Built, folder: Path, formats: tuple[str, ...] = FORMATS) -> None:
        """Write what the preview showed; ``written`` follows, or ``problem``."""

        def work(context: JobContext) -> list[Path]:
            make_folder(folder)
            paths = []
            for kind in formats:
                context.check()
                path = folder / made.names[kind]
                _WRITERS[kind](made, path)
                paths.append(path)
            return paths

        job = self._runner.submit("export", work)
        job.succeeded.connect(self._written)
        job.failed.connect(self._failed)

    def _written(self, paths: list[Path]) -> None:
        self.written.emit(paths)


def _write_pdf(made: Built, path: Path) -> None:
    atomic_write(path, made.pdf)


def _write_html(made: Built, path: Path) -> None:
    from medviewer.review.report_html import write_html

    write_html(made.report, path)


def _write_json(made: Built, path: Path) -> None:
    from medviewer.review.result_json import write_report_json

    write_report_json(made.report, path)


_WRITERS = {"pdf": _write_pdf, "html": _write_html, "json": _write_json}
