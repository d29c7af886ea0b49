"""Takes patients out of words before they are kept: logs, crash reports, messages of libraries.

What is open is learned by whoever reads headers; every whole word equal to it becomes ``h:`` and a hash under
a key of this run alone, in whatever encoding a message may quote it. UIDs need not be learned: each one is
told by its form. Standard library only.
"""

from __future__ import annotations

import hmac
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise
from urllib.parse import quote

_UID = re.compile(r"(?<![\w.])[0-2](?:\.\d+){4,}(?![\w])")
_OF_THE_STANDARD = "1.2.840.10008."
"""UIDs of DICOM itself (PS3.6 Annex A) name classes and encodings, never a patient."""
_ENCODINGS = ("utf-8", "latin-1", "cp1251", "iso2022_jp_2", "shift_jis", "euc_kr", "gb18030", "iso8859_7")
_SHORTEST_PART = 2


class Redactor:
    """Knows what must not be kept. Thread-safe; what was once learned stays known until the program ends."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._known: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    def learn(self, values: Iterable[str]) -> None:
        """Names (their parts too), ids, birth dates, accession numbers."""
        with self._lock:
            before = len(self._known)
            for value in values:
                for form in _forms(value):
                    self._known.setdefault(form.casefold(), value)
            if len(self._known) != before:
                self._pattern = None

    def clean(self, text: str) -> str:
        """The text without them, on one line: control characters become spaces."""
        pattern = self._compiled()
        if pattern is not None:
            text = pattern.sub(self._replaced, text)
        text = _UID.sub(self._uid, text)
        return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)

    def _compiled(self) -> re.Pattern[str] | None:
        with self._lock:
            if self._pattern is None and self._known:
                longest_first = sorted(self._known, key=len, reverse=True)
                either = "|".join(map(re.escape, longest_first))
                # "_" joins words in file names: it ends a name as a space does.
                self._pattern = re.compile(rf"(?<![^\W_])(?:{either})(?![^\W_])", re.IGNORECASE)
            return self._pattern

    def _replaced(self, found: re.Match[str]) -> str:
        return self._hash(self._known.get(found[0].casefold(), found[0]))

    def _uid(self, found: re.Match[str]) -> str:
        return found[0] if found[0].startswith(_OF_THE_STANDARD) else self._hash(found[0])

    def _hash(self, value: str) -> str:
        return f"h:{hmac.digest(self._key, value.encode('utf-8', 'replace'), 'sha256').hex()[:8]}"


def _forms(value: str) -> Iterator[str]:
    """A value, its parts, and how messages quote them: escaped, percent-encoded, as bytes."""
    for part in {value.strip(), *_parts(value), *_dates(value)}:
        if not part:
            continue
        yield part
        yield ascii(part)[1:-1]
        yield quote(part)
        yield unicodedata.normalize("NFD", part)
        for encoding in _ENCODINGS:
            try:
                coded = part.encode(encoding)
            except UnicodeEncodeError:
                continue
            yield repr(coded)[2:-1]
            yield coded.decode("latin-1")  # bytes that were taken for Latin-1


def _parts(value: str) -> Iterator[str]:
    """The words of a name (PS3.5 6.2.1); a single letter is no name."""
    words = [word for word in re.split(r"[\^=\s,\\]+", value) if len(word) >= _SHORTEST_PART]
    yield from words
    yield from (f"{a}{join}{b}" for a, b in pairwise(words) for join in (", ", " ", "^"))


def _dates(value: str) -> Iterator[str]:
    """The usual ways of writing a DICOM date."""
    if re.fullmatch(r"\d{8}", value):
        year, month, day = value[:4], value[4:6], value[6:]
        yield from (f"{year}-{month}-{day}", f"{day}.{month}.{year}", f"{month}/{day}/{year}")


REDACTOR = Redactor()
"""The program's own."""
