"""The model shelf: which bundles there are, whether they are whole, and which suit a series.

A broken bundle never hides the others: :func:`shelf` returns both the good and the broken ones.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from medviewer import paths
from medviewer.ai.card import ModelCard, load_card
from medviewer.ai.suitability import fit
from medviewer.ai.verdict import Fit
from medviewer.dicom.study import Series
from medviewer.errors import BundleError, UsageError

__all__ = ["Bundle", "Fit", "Shelf", "catalog", "find", "fit", "read_weights", "shelf", "suitable", "verify"]


@dataclass(frozen=True)
class Bundle:
    """One folder of the shelf and its card, already checked. The weights are not read yet."""

    folder: Path
    card: ModelCard

    @property
    def weights_path(self) -> Path:
        """The safetensors file."""
        return self.folder / self.card.weights.file


@dataclass(frozen=True)
class Shelf:
    """What was found: usable bundles, and for each broken folder its error."""

    bundles: tuple[Bundle, ...]
    broken: tuple[tuple[Path, BundleError], ...] = ()


def shelf(extra: Sequence[Path] = ()) -> Shelf:
    """Read every card of the bundled shelf, of the reader's own models and of the folders ``extra``.

    ``extra`` are bundle folders themselves. Of two bundles with one id the first stays and the second is
    reported as broken.
    """
    bundles: dict[str, Bundle] = {}
    broken: list[tuple[Path, BundleError]] = []
    for folder in [*_folders(), *extra]:
        try:
            card = load_card(folder / "card.json")
            if card.id in bundles:
                raise BundleError(f"A second model has the id {card.id!r}; it is not used.")
            bundles[card.id] = Bundle(folder, card)
        except BundleError as error:
            broken.append((folder, error))
    return Shelf(tuple(bundles.values()), tuple(broken))


def catalog(extra: Sequence[Path] = ()) -> list[Bundle]:
    """The usable bundles; see :func:`shelf` for the broken ones."""
    return list(shelf(extra).bundles)


def find(model_id: str, extra: Sequence[Path] = ()) -> Bundle:
    """The bundle of that id.

    Raises :class:`BundleError` where that bundle is broken, :class:`UsageError` where there is none.
    """
    found = shelf(extra)
    for bundle in found.bundles:
        if bundle.card.id == model_id:
            return bundle
    for folder, error in found.broken:
        if folder.name == model_id:
            raise error
    known = [bundle.card.id for bundle in found.bundles]
    near = difflib.get_close_matches(model_id, known, n=1, cutoff=0.0)
    hint = f"The nearest known one is {near[0]!r}." if near else "No model is installed."
    raise UsageError(f"There is no model {model_id!r}.", hint)


def read_weights(bundle: Bundle) -> bytes:
    """The bytes of the weights, hashed before they are returned: what was checked is what is loaded.

    Raises :class:`BundleError` where the file is missing or one bit of it differs from the card's hash.
    """
    try:
        content = bundle.weights_path.read_bytes()
    except OSError as error:
        raise BundleError(f"The weights of model {bundle.card.id!r} cannot be read.", _HINT) from error
    if hashlib.sha256(content).hexdigest() != bundle.card.weights.sha256:
        message = f"The weights of model {bundle.card.id!r} are damaged: their hash is not the card's."
        raise BundleError(message, _HINT)
    return content


def verify(bundle: Bundle) -> None:
    """Check the weights against the card's hash. Raises :class:`BundleError`; returns nothing when whole."""
    read_weights(bundle)


def suitable(series: Series, patient_age: str = "", extra: Sequence[Path] = ()) -> list[tuple[Bundle, Fit]]:
    """Every usable bundle but the guards with its verdict on this series, the best fitting first."""
    bundles = [bundle for bundle in catalog(extra) if not bundle.card.is_guard]
    pairs = [(bundle, fit(bundle.card, series, patient_age)) for bundle in bundles]
    return sorted(pairs, key=_order)


def _order(pair: tuple[Bundle, Fit]) -> tuple[bool, bool, int, int, str]:
    """What fits first, and of that what fits with the fewest doubts; then the nearest miss."""
    bundle, verdict = pair
    other = any(reason.code == "MODALITY" for reason in verdict.reasons)
    return not verdict.ok, other, len(verdict.reasons), len(verdict.warnings), bundle.card.id


def router_on_shelf() -> Bundle | None:
    """The model that guards the others, where one is installed and whole."""
    return next((bundle for bundle in catalog() if bundle.card.is_guard), None)


_HINT = "Reinstall the model."


def _folders() -> Iterator[Path]:
    """Every bundle folder, bundled ones first, in alphabetical order."""
    for root in (paths.models(), paths.user_models()):
        if root.is_dir():
            yield from sorted(p for p in root.iterdir() if p.is_dir() and p.name[0] not in "._")
