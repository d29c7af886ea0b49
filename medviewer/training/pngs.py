"""Pictures and tables of the public data sets, read with care: what is missing is said at once."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medviewer.ai.steps import Step, apply_steps
from medviewer.errors import MedviewerError
from medviewer.tasks import TaskContext


class BadData(MedviewerError):
    """The training data are not what they should be; the sentence says what is missing or wrong."""

    exit_status = 3


_REMEDY = "Put the data set beside the checkout (../shared/data) or say where with MEDVIEWER_DATA."


def require_folder(folder: Path) -> Path:
    """The folder itself. Raises :class:`BadData` where it is not there."""
    if not folder.is_dir():
        raise BadData(f"The data set {folder.name!r} is not there.", _REMEDY)
    return folder


def require_count(what: str, found: int, wanted: int) -> None:
    """Raises :class:`BadData` where not as many were found as the data set holds."""
    if found != wanted:
        raise BadData(f"The data set holds {found} {what}; {wanted} were expected.", "Fetch it again.")


def require_files(paths: Sequence[Path], what: str = "files") -> None:
    """Raises :class:`BadData` where files are missing: how many, and the first by name."""
    missing = [path for path in paths if not path.is_file()]
    if missing:
        text = (
            f"{len(missing)} of {len(paths)} {what} of the data set are missing, {missing[0].name!r} first."
        )
        raise BadData(text, "Fetch the data set again.")


def read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV file that has at least these ``columns``. Raises :class:`BadData`."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as text:
            reader = csv.DictReader(text)
            rows = list(reader)
            lacking = [name for name in columns if name not in (reader.fieldnames or [])]
    except (OSError, ValueError, csv.Error) as error:
        raise BadData(f"The table {path.name!r} cannot be read.", _REMEDY) from error
    if lacking:
        raise BadData(f"The table {path.name!r} has no column {lacking[0]!r}.", "Fetch it again.")
    return rows


def read_grey(path: Path) -> NDArray[np.uint8]:
    """A picture (PNG, JPEG) as grey values (rows, columns). Raises :class:`BadData` for a broken one."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L"), np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadData(f"The picture {path.name!r} cannot be read.", "Fetch the data set again.") from error


def read_labels(path: Path) -> NDArray[np.uint8]:
    """A mask stored as a picture, its values as they are (palettes stay numbers)."""
    try:
        with Image.open(path) as image:
            plain = image if image.mode in ("L", "P", "1") else image.convert("L")
            return np.asarray(plain).astype(np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadData(f"The mask {path.name!r} cannot be read.", "Fetch the data set again.") from error


def prepared(grey: NDArray[Any], steps: Sequence[Step]) -> NDArray[np.float16]:
    """A stored picture as the network sees it, by its steps, in the half precision of training sets."""
    return apply_steps(grey, steps).astype(np.float16)


def read_all(
    paths: Sequence[Path],
    prepare: Callable[[NDArray[np.uint8]], NDArray[Any]],
    context: TaskContext | None = None,
) -> NDArray[Any]:
    """Every picture after ``prepare`` (which gives all one shape) as one array, in the order of ``paths``.

    Raises :class:`BadData` for missing files before the first one is read.
    """
    require_files(paths, "pictures")
    if not paths:
        raise BadData("The data set holds no pictures.", _REMEDY)
    first = prepare(read_grey(paths[0]))
    out = np.empty((len(paths), *first.shape), first.dtype)

    def one(index: int) -> None:
        if context is not None:
            context.check()
        out[index] = prepare(read_grey(paths[index]))

    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(one, range(len(paths))):
            continue
    return out


def read_arrays(path: Path, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The named arrays of an ``.npz`` file (no pickles). Raises :class:`BadData`."""
    try:
        with path.open("rb") as content, np.load(content, allow_pickle=False) as stored:
            return {name: stored[name] for name in names}
    except KeyError as error:
        raise BadData(f"The file {path.name!r} lacks an array it should hold.", "Fetch it again.") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise BadData(f"The file {path.name!r} cannot be read.", _REMEDY) from error
