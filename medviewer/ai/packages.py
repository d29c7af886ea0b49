"""What a model may come in: a file, a folder, a zip file. Names and bytes only; nothing is unpacked to disk.

A package is refused before anything of it is read where its names lead elsewhere (``..``, absolute paths,
links), or where it is larger than any model of this program.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from medviewer.errors import BundleError

MAX_BYTES = 256 << 20
"""More than any network this program registers would need."""
MAX_ENTRIES = 200

_TOO_LARGE = f"it holds more than {MAX_BYTES >> 20} MB"
_TOO_MANY = f"it holds more than {MAX_ENTRIES} files"


@dataclass(frozen=True)
class Package:
    """Names (with "/") and how to read each. ``name`` is the file's or folder's own name, never a path."""

    name: str
    names: tuple[str, ...]
    read: Callable[[str], bytes]
    """The bytes of one of ``names``. Raises :class:`BundleError`."""
    sha256: str = ""
    """Of the whole file; empty for a folder."""

    def find(self, name: str) -> str | None:
        """The entry of that plain name, the one nearest the top; None where there is none."""
        found = [n for n in self.names if PurePosixPath(n).name == name]
        return min(found, key=lambda n: (n.count("/"), n), default=None)

    def text(self, *names: str) -> str:
        """The text of the first of these plain names that is there; empty where none is."""
        for name in names:
            found = self.find(name)
            if found is not None:
                return self.read(found).decode("utf-8", "replace")[:100_000]
        return ""


def refused(why: str, hint: str = "Choose another file.") -> BundleError:
    """The one sentence of every refusal: what is wrong with the file, and that nothing was installed."""
    return BundleError(f"This model cannot be installed: {why}.", hint)


def open_package(path: Path) -> Package:
    """Look at a file, folder or zip file. Raises :class:`BundleError`."""
    try:
        if path.is_dir():
            return _folder(path)
        if path.is_symlink() and not path.exists():
            raise refused("there is no such file")
        if path.stat().st_size > MAX_BYTES:
            raise refused(_TOO_LARGE)
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise refused("there is no such file", "Check the path.") from error
    except OSError as error:
        raise refused("the file cannot be read", "Check its permissions.") from error
    return of_bytes(path.name, content, _licence_beside(path))


def of_bytes(name: str, content: bytes, beside: Mapping[str, bytes] | None = None) -> Package:
    """A file's bytes as a package: a zip file that is no PyTorch file shows what is in it."""
    digest = hashlib.sha256(content).hexdigest()
    if content[:4] == b"PK\x03\x04" and not is_torch_archive(content):
        files = dict(_unzipped(content))
        return Package(name, tuple(files), files.__getitem__, digest)
    files = {name: content, **(beside or {})}
    return Package(name, tuple(files), files.__getitem__, digest)


def archive_names(content: bytes) -> tuple[str, ...]:
    """The names in a zip file. Raises :class:`BundleError` where it is damaged or holds too many."""
    with _opened(content) as archive:
        return tuple(archive.namelist())


def is_torch_archive(content: bytes) -> bool:
    """Whether a zip file is what ``torch.save``, TorchScript or ``torch.export`` writes."""
    marks = ("/data.pkl", "/constants.pkl", "/archive_format", "/version", "/byteorder")
    names = ["/" + name for name in archive_names(content)]
    return any(name.endswith(marks) and name.count("/") <= 2 for name in names)


def _opened(content: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise refused("the archive is damaged", "Copy it again from its source.") from error
    return archive


def _unzipped(content: bytes) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each entry, believing no size that the archive tells."""
    left = MAX_BYTES
    with _opened(content) as archive:
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise refused(_TOO_MANY)
        if len({entry.filename for entry in entries}) != len(entries):
            raise refused("two of its files have one name")
        for entry in entries:
            _check_entry(entry)
        for entry in entries:
            if entry.is_dir():
                continue
            data = _inflated(archive, entry, left)
            left -= len(data)
            yield entry.filename, data


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    if not is_safe(name):
        raise refused("one of its names leads out of its own folder")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise refused("it holds a link or a device instead of a file")
    if entry.flag_bits & 1:
        raise refused("it is locked by a password", "Unpack it first.")


def is_safe(name: str) -> bool:
    """Whether a name stays inside its folder on every system: no drive, no root, no "..", no backslash."""
    parts = name.rstrip("/").split("/")
    wrong = any(part in ("", ".", "..") for part in parts)
    return not wrong and not set(name) & set("\\:\0")


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    try:
        with archive.open(entry) as file:
            data = file.read(limit + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise refused("the archive is damaged", "Copy it again from its source.") from error
    if len(data) > limit:
        raise refused(_TOO_LARGE)
    return data


def _folder(path: Path) -> Package:
    """A folder; its files are read when asked for."""
    sizes: dict[str, int] = {}
    for file in _walk(path):
        name = file.relative_to(path).as_posix()
        sizes[name] = file.lstat().st_size
        if len(sizes) > MAX_ENTRIES:
            raise refused(_TOO_MANY, "Choose the model's own folder.")
    if sum(sizes.values()) > MAX_BYTES:
        raise refused(_TOO_LARGE)

    def read(name: str) -> bytes:
        try:
            return (path / name).read_bytes()
        except OSError as error:
            raise refused("one of its files cannot be read", "Check its permissions.") from error

    return Package(path.name, tuple(sorted(sizes)), read)


def _walk(path: Path) -> Iterator[Path]:
    """Plain files below a folder; a link among them is refused, for it may lead anywhere."""
    for root, folders, files in os.walk(path, followlinks=False):
        for name in (*folders, *files):
            mode = os.lstat(os.path.join(root, name)).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise refused("it holds a link or a device instead of a file")
        yield from (Path(root) / name for name in files)


def _licence_beside(path: Path) -> dict[str, bytes]:
    """The licence that lies beside a single file of weights."""
    for name in LICENCE_NAMES:
        file = path.with_name(name)
        if file.is_file() and not file.is_symlink() and file.stat().st_size < 100_000:
            return {name: file.read_bytes()}
    return {}


LICENCE_NAMES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt", "COPYING")
