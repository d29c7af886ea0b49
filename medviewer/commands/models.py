"""``medviewer models``: what stands on the model shelf, what each is for, whether it is whole."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

from medviewer.ai.card import ModelCard
from medviewer.ai.catalog import Bundle, find, shelf
from medviewer.ai.estimate import seconds_for
from medviewer.ai.install import Candidate, examine, install, is_removable, record_of, remove, size_bytes
from medviewer.commands.console import Console, printable
from medviewer.errors import BundleError, UsageError
from medviewer.imaging.numbers import number


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Dispatch to list, show, check, install, remove."""
    _ACTIONS[arguments.action](arguments, console)


def _list(_: argparse.Namespace, console: Console) -> None:
    found = shelf()
    for bundle in found.bundles:
        console.result(printable("  ".join(list_fields(bundle))))
        console.result(printable(f"    {bundle.card.intended_use}"))
    for _folder, error in found.broken:
        console.error(error)
    if not found.bundles and not found.broken:
        console.note("No model is installed.")


def list_fields(bundle: Bundle) -> Iterator[str]:
    """Id, version, task, title, size, licence, expected time, where it is from."""
    card = bundle.card
    yield from (card.id, card.version, card.task, card.title, number(size_bytes(bundle) / 1e6, "MB", 1))
    yield card.licence
    seconds = seconds_for(card, "cpu", _TYPICAL_SLICES)
    yield "time not known" if seconds is None else f"about {seconds:.0f} s for {_TYPICAL_SLICES} slices"
    yield "installed" if is_removable(bundle) else "bundled"


def _show(arguments: argparse.Namespace, console: Console) -> None:
    bundle = find(arguments.id)
    console.result("\n".join([*card_lines(bundle.card), *install_lines(bundle)]))


def install_lines(bundle: Bundle) -> Iterator[str]:
    """Where an installed model came from; nothing for one that came with the program."""
    record = record_of(bundle.folder)
    if record is not None:
        yield printable(f"Installed: {record.installed} from {record.source}, {record.what}")
        yield f"Source: SHA-256 {record.source_sha256}"
        yield printable(f"Licence accepted: {record.licence}, {record.licence_accepted}")


def _install(arguments: argparse.Namespace, console: Console) -> None:
    candidate = examine(arguments.file, console.context)
    # On stdout, even with --quiet: a licence that was not shown cannot be accepted.
    console.result("\n".join(printable(line) for line in candidate_lines(candidate)))
    if not arguments.accept_licence:
        raise UsageError("The licence was not accepted: nothing was installed.", "Add --accept-licence.")
    bundle = install(candidate, licence_accepted=True, context=console.context)
    record = record_of(bundle.folder)
    console.result(printable(f"{bundle.card.id} {bundle.card.version} installed."))
    if record is not None:
        console.note(printable(record.self_test))


def candidate_lines(candidate: Candidate) -> Iterator[str]:
    """What was found, for a person, and the whole licence."""
    card = candidate.card
    yield f"Found: {card.title} ({card.id} {card.version}), {candidate.what}."
    yield f"Source: {candidate.source}, SHA-256 {candidate.source_sha256}"
    yield f"Licence: {card.licence}"
    yield from candidate.licence_text.splitlines()


def _remove(arguments: argparse.Namespace, console: Console) -> None:
    remove(arguments.id)
    console.result(printable(f"{arguments.id} removed."))


def _check(arguments: argparse.Namespace, console: Console) -> None:
    """Hash and self-test; goes on after a damaged one, then raises the last :class:`BundleError`."""
    from medviewer.ai.runner import self_test

    damaged: list[BundleError] = []
    bundles: Iterable[Bundle]
    if arguments.id:
        bundles = [find(arguments.id)]
    else:
        found = shelf()
        bundles, damaged = found.bundles, [error for _, error in found.broken]
    for bundle in bundles:
        console.context.check()
        try:
            console.result(printable(self_test(bundle)))
        except BundleError as error:
            damaged.append(error)
    for earlier in damaged[:-1]:
        console.error(earlier)
    if damaged:
        raise damaged[-1]


def card_lines(card: ModelCard) -> Iterator[str]:
    """A card for a person."""
    yield f"{card.title} ({card.id} {card.version}, {card.task})"
    yield f"Intended use: {card.intended_use}"
    wanted = card.input
    reads = [f"{' or '.join(wanted.modalities)}, {', '.join(wanted.body_parts)}", ", ".join(wanted.planes)]
    if wanted.slice_spacing_mm is not None:
        low, high = wanted.slice_spacing_mm
        reads.append(f"{wanted.slices_min} or more slices, {low:g} to {number(high, 'mm', 1)} apart")
    yield "Reads: " + (card.guarded or "; ".join(part for part in reads if part))
    yield "Finds: " + ", ".join(label.title for label in card.labels)
    if card.score_meaning:
        yield f"Score: {card.score_meaning}"
    yield from _block("Limits", card.limitations)
    yield from _block("Trained on", card.training_data)
    yield from _block("Measured", [_metric(card, k) for k in range(len(card.metrics))])
    yield from _block("Changes", card.changelog)
    yield f"Licence: {card.licence}"
    yield f"Weights: {card.weights.file}, SHA-256 {card.weights.sha256}"


def _metric(card: ModelCard, k: int) -> str:
    metric = card.metrics[k]
    spread = "" if metric.range is None else f" ({metric.range[0]:g} to {metric.range[1]:g})"
    cases = "" if metric.cases is None else f", {metric.cases} cases"
    return (
        f"{metric.name} {metric.value:g}{metric.unit and ' ' + metric.unit}{spread} on {metric.data}{cases}"
    )


def _block(title: str, lines: Iterable[str]) -> Iterator[str]:
    rows = list(lines)
    if rows:
        yield f"{title}:"
        yield from (printable(f"  - {row}") for row in rows)


_TYPICAL_SLICES = 120

_ACTIONS = {"list": _list, "show": _show, "check": _check, "install": _install, "remove": _remove}
