"""Door A: from a file to the reader's own shelf. Look at it, show the licence, test it, put it in its place.

:func:`examine` reads a file, folder or zip file and says what is in it; nothing is written.
:func:`install` writes the model into a temporary folder beside its place, tests it there, and renames the
folder: a full disk, a failed test or a killed program leaves the shelf as it was. Every install leaves its
record, ``install.json``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from medviewer import __version__
from medviewer.ai import foreign_files, shelf_folder
from medviewer.ai.card import ModelCard, parse_card
from medviewer.ai.catalog import Bundle, shelf
from medviewer.ai.known_models import KnownModel, recognise
from medviewer.ai.packages import LICENCE_NAMES, Package, of_bytes, open_package, refused
from medviewer.ai.pipelines import READS, pipeline_for
from medviewer.ai.strict_json import StrictJsonError, build, read, read_text, to_bytes
from medviewer.errors import BundleError, UsageError
from medviewer.tasks import TaskContext

RECORD = "install.json"
_LONGEST_ID = 64


@dataclass(frozen=True, eq=False)
class Candidate:
    """A model that may be installed: checked, tested for numbers, and nowhere on the disk yet."""

    card: ModelCard
    card_data: dict[str, Any]
    weights: bytes
    """A safetensors file."""
    licence_text: str
    """Empty where the model brings none: the card's name of it must do."""
    source: str
    """The file's or folder's own name and, for known models, where its publisher keeps it."""
    source_sha256: str
    what: str
    """ "MedViewer bundle", "plain state_dict of a known model"."""


@dataclass(frozen=True)
class InstallRecord:
    """What ``install.json`` keeps."""

    schema: str
    model: str
    version: str
    source: str
    source_sha256: str
    what: str
    licence: str
    licence_sha256: str
    licence_accepted: str
    installed: str
    self_test: str
    app: str


def examine(path: Path, context: TaskContext | None = None) -> Candidate:
    """What ``path`` holds. Raises :class:`BundleError` with the reason where it cannot be installed."""
    context = context or TaskContext()
    context.report(0.1, "Reading the file")
    package = open_package(path.parent if path.name == "card.json" else path)
    context.check()
    context.report(0.5, "Looking at what it holds")
    foreign_files.check_folder(package.names)
    card_name = package.find("card.json")
    found = _bundle(package, card_name) if card_name is not None else _plain(package)
    context.check()
    _check_runs(found.card)
    return found


def install(
    candidate: Candidate,
    *,
    licence_accepted: bool,
    context: TaskContext | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Bundle:
    """Put a candidate on the reader's own shelf; returns it as it stands there.

    Raises :class:`UsageError` where the licence was not accepted or the id is taken, :class:`BundleError`
    where its self-test fails, :class:`WriteError`, :class:`~medviewer.errors.Cancelled`.
    """
    context = context or TaskContext()
    card = candidate.card
    if not licence_accepted:
        raise UsageError(f"The licence of model {card.id!r} was not accepted: nothing was installed.")
    _check_free(card.id)
    accepted = now()
    with shelf_folder.staged(card.id) as folder:
        context.report(0.2, "Writing")
        shelf_folder.write(folder / card.weights.file, candidate.weights)
        shelf_folder.write(folder / "card.json", to_bytes(candidate.card_data))
        if candidate.licence_text:
            shelf_folder.write(folder / "LICENSE", candidate.licence_text.encode())
        context.check()
        context.report(0.5, "Testing the model")
        tested = _self_test(Bundle(folder, card))
        context.check()
        shelf_folder.write(folder / RECORD, to_bytes(asdict(_record(candidate, tested, accepted, now()))))
        context.report(0.9, "Putting it on the shelf")
    return Bundle(shelf_folder.place(card.id), card)


def remove(model_id: str) -> None:
    """Take a model off the reader's own shelf, whole or broken.

    Raises :class:`UsageError` for a model that came with the program or is not there, :class:`WriteError`.
    """
    shelf_folder.remove(_own_folder(model_id))


def is_removable(bundle: Bundle) -> bool:
    """Whether it was installed by the reader, not shipped with the program."""
    return shelf_folder.is_own(bundle.folder)


def record_of(folder: Path) -> InstallRecord | None:
    """How a model of the shelf was installed; None for the program's own, and where the record is damaged."""
    if not (folder / RECORD).is_file():
        return None
    try:
        return build(InstallRecord, read(folder / RECORD), "record")
    except StrictJsonError:
        return None  # the model itself is judged by its card and its hash


def size_bytes(bundle: Bundle) -> int:
    """What its weights take on the disk; 0 where they are missing."""
    try:
        return bundle.weights_path.stat().st_size
    except OSError:
        return 0


# --- what is in the file -----------------------------------------------------------------------------------


def _bundle(package: Package, card_name: str) -> Candidate:
    """Our own kind: a card and the safetensors file whose hash it tells."""
    try:
        data = read_text(package.read(card_name).decode("utf-8-sig"))
    except (StrictJsonError, UnicodeDecodeError) as error:
        raise BundleError("The model card of this bundle is no JSON text.", _REPAIR) from error
    card = parse_card(data, package.name)
    prefix = card_name.removesuffix("card.json")
    weights_name = prefix + card.weights.file
    if weights_name not in package.names:
        raise refused(f"its weights {card.weights.file!r} are missing", _REPAIR)
    weights = package.read(weights_name)
    if foreign_files.kind_of(weights_name, weights) is not foreign_files.Kind.SAFETENSORS:
        raise refused("its weights are no safetensors file", _REPAIR)
    if hashlib.sha256(weights).hexdigest() != card.weights.sha256:
        raise refused("the hash of its weights is not the one on its card", _REPAIR)
    from medviewer.ai.foreign_weights import read_tensors

    read_tensors(weights_name, weights)
    licence = package.text(*LICENCE_NAMES)
    digest = package.sha256 or card.weights.sha256
    return Candidate(card, data, weights, licence, package.name, digest, "MedViewer bundle")


def _plain(package: Package) -> Candidate:
    """Weights alone: they must be those of a model this program knows."""
    endings = (".pt", ".pth", ".safetensors", ".onnx", ".pt2", ".ckpt", ".bin")
    files = [name for name in package.names if name.lower().endswith(endings)] or list(package.names[:1])
    if not files:
        raise refused("it is empty")
    if len(files) > 1:
        names = ", ".join(sorted(name.rsplit("/", 1)[-1] for name in files)[:5])
        raise refused(f"it holds {len(files)} files of weights: {names}", "Choose one of these files.")
    name, content = files[0], package.read(files[0])
    from medviewer.ai import foreign_weights

    kind = foreign_files.kind_of(name, content)
    tensors = foreign_weights.read_tensors(name, content)
    known = recognise(foreign_weights.shapes_digest(tensors), foreign_weights.values_digest(tensors))
    weights = foreign_weights.as_safetensors(tensors)
    data = _card_data(known, weights)
    digest = of_bytes(name, content).sha256 if not package.sha256 else package.sha256
    return Candidate(
        parse_card(data, package.name),
        data,
        weights,
        known.licence_text,
        f"{name.rsplit('/', 1)[-1]} ({known.source})",
        digest,
        f"plain {kind.value} of a known model",
    )


def _card_data(known: KnownModel, weights: bytes) -> dict[str, Any]:
    file = {"file": "weights.safetensors", "sha256": hashlib.sha256(weights).hexdigest()}
    return {**known.card, "weights": file}


def _check_runs(card: ModelCard) -> None:
    """A model that could not be run here is not installed."""
    if len(card.id) > _LONGEST_ID:
        raise refused("its id is too long", _REPAIR)
    pipeline_for(card)
    reads = READS.get(card.reading or card.network.name)
    if reads is None:
        return
    modalities, unit = reads
    if not set(card.input.modalities) <= set(modalities) or card.input.intensity.unit != unit:
        told = f"{' or '.join(card.input.modalities)} in {card.input.intensity.unit or 'stored values'}"
        wanted = f"{' or '.join(modalities)} in {unit or 'stored values'}"
        raise refused(f"its card asks for {told}, but its network is fed {wanted}", _REPAIR)


# --- onto the shelf ----------------------------------------------------------------------------------------


def _check_free(model_id: str) -> None:
    found = shelf()
    taken = {bundle.card.id for bundle in found.bundles} | {folder.name for folder, _ in found.broken}
    if model_id in taken:
        raise UsageError(
            f"A model {model_id!r} is on the shelf already.", "Remove it first to install it again."
        )


def _self_test(bundle: Bundle) -> str:
    from medviewer.ai.runner import self_test

    return self_test(bundle)


def _record(candidate: Candidate, tested: str, accepted: datetime, installed: datetime) -> InstallRecord:
    card = candidate.card
    return InstallRecord(
        schema="medviewer.install/1",
        model=card.id,
        version=card.version,
        source=candidate.source,
        source_sha256=candidate.source_sha256,
        what=candidate.what,
        licence=card.licence,
        licence_sha256=hashlib.sha256(candidate.licence_text.encode()).hexdigest(),
        licence_accepted=accepted.isoformat(timespec="seconds"),
        installed=installed.isoformat(timespec="seconds"),
        self_test=tested,
        app=__version__,
    )


def _own_folder(model_id: str) -> Path:
    found = shelf()
    for bundle in found.bundles:
        if bundle.card.id == model_id:
            if not is_removable(bundle):
                raise UsageError(f"Model {model_id!r} came with the program and cannot be removed.")
            return bundle.folder
    for folder, _ in found.broken:
        if folder.name == model_id and shelf_folder.is_own(folder):
            return folder
    own = [bundle.card.id for bundle in found.bundles if is_removable(bundle)]
    hint = f"Installed are {', '.join(own)}." if own else "No model was installed."
    raise UsageError(f"There is no installed model {model_id!r}.", hint)


_REPAIR = "Get the bundle again from its publisher."
