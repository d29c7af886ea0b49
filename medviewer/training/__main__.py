"""``python -m medviewer.training MODEL`` makes a bundled model; ``evaluate MODEL`` measures it again.

While it trains, ``progress.html`` in the work folder shows how it goes; Ctrl-C stops it, ``--resume`` goes
on.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from medviewer.ai.card import load_card
from medviewer.ai.catalog import Bundle
from medviewer.errors import MedviewerError
from medviewer.tasks import TaskContext
from medviewer.training import bundle, folders, models
from medviewer.training.loop import train
from medviewer.training.report import Report, compare, write_report

log = logging.getLogger("medviewer.training")

_OUTSIDE = 1
"""Exit status where a figure lies outside the card's interval."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status of the command line."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        if words[:1] == ["evaluate"]:
            return _evaluate(_evaluate_parser().parse_args(words[1:]))
        return _train(_train_parser().parse_args(words))
    except MedviewerError as error:
        log.error("%s", error.sentence())
        return error.exit_status


def _train_parser() -> argparse.ArgumentParser:
    known = ", ".join(models.MODELS)
    parser = argparse.ArgumentParser(prog="python -m medviewer.training", description=__doc__)
    parser.add_argument("model", help=f"{known}; or 'evaluate MODEL'")
    parser.add_argument("--quick", action="store_true", help="a tiny run through every step, learns nothing")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--minutes", type=float, help="end after so much time, the schedule fitted to it")
    parser.add_argument("--steps", type=int, help="instead of the plan's")
    parser.add_argument("--threads", type=int, help="instead of the plan's")
    parser.add_argument("--work", type=Path, help="checkpoints, progress.html, TensorBoard log")
    parser.add_argument("--out", type=Path, help="the bundle's folder (default: the shelf)")
    return parser


def _evaluate_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m medviewer.training evaluate")
    parser.add_argument("model", help=", ".join(models.MODELS))
    parser.add_argument("--bundle", type=Path, help="the bundle's folder (default: the shelf)")
    parser.add_argument("--quick", action="store_true", help="a few cases only: proves the path")
    parser.add_argument("--report", type=Path, help="folder for report.json, report.md and report.html")
    parser.add_argument("--write", action="store_true", help="put the figures on the card")
    return parser


def _train(options: argparse.Namespace) -> int:
    recipe, quick = models.recipe(options.model), bool(options.quick)
    work: Path = options.work or folders.work(options.model, quick)
    wanted: dict[str, Any] = {k: getattr(options, k) for k in ("minutes", "steps", "threads")}
    plan = replace(recipe.plan(quick), **{k: v for k, v in wanted.items() if v is not None})
    task = recipe.task(quick)
    log.info("Training %s; progress in %s", options.model, work / "progress.html")
    with _interruptible() as context:
        network = train(task, plan, work, context, resume=options.resume)
    made = work / "bundle"
    recipe.write_card(made, network, quick)
    report = recipe.evaluate(Bundle(made, load_card(made / bundle.CARD)), quick)
    _put_figures(made, report, made)
    out = options.out or (None if quick else models.home(options.model))
    if out is not None:
        card = bundle.move_bundle(made, out)
        log.info("Wrote %s %s to %s", card.id, card.version, out)
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    recipe = models.recipe(options.model)
    folder: Path = options.bundle or models.home(options.model)
    card = load_card(folder / bundle.CARD)
    report = recipe.evaluate(Bundle(folder, card), options.quick)
    if options.report or options.write:
        _put_figures(folder if options.write else None, report, options.report or folder)
    if options.write or options.quick:
        for found in report.metrics:
            log.info("%s: %g %s %s (%s)", found.name, found.value, found.unit, found.range, found.data)
        return 0
    verdicts = compare(card, report)
    for verdict in verdicts:
        log.info("%s", verdict.line())
    return 0 if all(verdict.ok for verdict in verdicts) else _OUTSIDE


def _put_figures(folder: Path | None, report: Report, report_folder: Path) -> None:
    for path in write_report(report, report_folder):
        log.info("Wrote %s", path)
    if folder is not None:
        bundle.add_metrics(folder, report.metrics, report.operating_points)


@contextmanager
def _interruptible() -> Iterator[TaskContext]:
    """A context that Ctrl-C cancels; a second Ctrl-C ends the process at once."""
    context = TaskContext()

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        context.cancel()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield context
    finally:
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    sys.exit(main())
