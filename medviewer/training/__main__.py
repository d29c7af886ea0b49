"""``python -m medviewer.training``: make and measure the bundled models."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from medviewer import paths
from medviewer.errors import MedviewerError
from medviewer.imaging.volume import Volume

log = logging.getLogger("medviewer.training")

_STUDIES = Path(__file__).resolve().parents[3] / "shared" / "data" / "studies"
"""Real studies beside the checkout, where there are any."""
TRAINED_ON, HELD_OUT = "ct_chest_A0001", "ct_chest_A0002"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status of the command line."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        options.run(options)
    except MedviewerError as error:
        log.error("%s", error.sentence())
        return error.exit_status
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m medviewer.training", description=__doc__)
    commands = parser.add_subparsers(required=True)
    train = commands.add_parser("lung-ct", help="train the lung model and write its bundle")
    train.add_argument("--quick", action="store_true", help="a tiny run through every step, under a minute")
    train.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    train.add_argument("--steps", type=int, default=None)
    train.add_argument("--phantoms", type=int, default=None, help="synthetic chests to learn from")
    train.add_argument("--real", type=Path, default=_STUDIES / TRAINED_ON, help="a real study to learn from")
    train.add_argument("--work", type=Path, default=None, help="checkpoints and cached chests")
    train.add_argument("--out", type=Path, default=None, help="the bundle's folder (default: the shelf)")
    train.set_defaults(run=_train)
    measure = commands.add_parser("evaluate", help="measure a model on what it has not seen")
    measure.add_argument("model", choices=["lung-ct"])
    measure.add_argument("--held-out", type=Path, default=_STUDIES / HELD_OUT)
    measure.add_argument("--seeds", type=int, default=10, help="how many synthetic chests")
    measure.add_argument("--bundle", type=Path, default=None, help="the bundle's folder (default: the shelf)")
    measure.add_argument("--no-card", action="store_true", help="print only, leave the card as it is")
    measure.set_defaults(run=_evaluate)
    return parser


def _train(options: argparse.Namespace) -> None:
    from medviewer.training import bundle, lung_data
    from medviewer.training.lung_ct import Plan, Trainer, seconds_per_slice

    quick = bool(options.quick)
    work = options.work or paths.cache_dir() / "training" / ("lung-ct-quick" if quick else "lung-ct")
    count = options.phantoms or (2 if quick else 97)
    plan = Plan(steps=6, batch=2, crop=64, save_every=3) if quick else Plan()
    plan = replace(plan, steps=options.steps or plan.steps)
    slices, size = (8, 128) if quick else (56, 272)
    log.info("Drawing %d synthetic chests", count)
    cases = lung_data.phantom_cases(work / "chests", count, slices, size, workers=1 if quick else 2)
    real, names = [], []
    if not quick and options.real.is_dir():
        from medviewer.training.silver import silver_lungs

        for name, load in real_scans(options.real):
            volume = load()
            real.append(lung_data.to_case(name, volume, silver_lungs(volume)))
        names = [options.real.name]
    trainer = Trainer(plan, cases, real, work)
    if options.resume and trainer.resume():
        log.info("Going on from step %d", trainer.step)
    trainer.run()
    learned = bundle.training_data(count, names)
    out = options.out or (work / "bundle" if quick else paths.models() / "lung-ct")
    card = bundle.write_bundle(out, trainer.averaged, learned, seconds_per_slice(trainer.averaged))
    log.info("Wrote %s %s to %s", card.id, card.version, out)


def _evaluate(options: argparse.Namespace) -> None:
    import torch

    from medviewer.ai.card import load_card
    from medviewer.ai.catalog import Bundle
    from medviewer.ai.runner import load_network
    from medviewer.training import bundle, evaluate

    folder = options.bundle or paths.models() / "lung-ct"
    net = load_network(Bundle(folder, load_card(folder / bundle.CARD)), torch.device("cpu"))
    figures = []
    if options.held_out.is_dir():
        rows = evaluate.real_rows(net, real_scans(options.held_out))
        figures += evaluate.metrics(
            rows, f"patient in {options.held_out.name}, held out, against silver masks"
        )
    seeds = evaluate.EVALUATION_SEEDS[: options.seeds]
    rows = evaluate.phantom_rows(net, seeds)
    figures += evaluate.metrics(
        rows, f"synthetic chests, seeds {seeds[0]} to {seeds[-1]}, against their truth"
    )
    for figure in figures:
        log.info("%s: %s %s %s (%s)", figure.name, figure.value, figure.unit, figure.range, figure.data)
    if not options.no_card:
        bundle.add_metrics(folder, figures)


def real_scans(folder: Path) -> list[tuple[str, Callable[[], Volume]]]:
    """Every CT volume under ``folder``: a name without patient data, and how to load it."""
    from functools import partial

    from medviewer.dicom.load import load_series
    from medviewer.dicom.scan import scan

    found = [s for s in scan([folder]).all_series() if s.modality == "CT" and s.is_volume]
    return [(f"{folder.name} series {s.number}", partial(load_series, s)) for s in found]


if __name__ == "__main__":
    sys.exit(main())
