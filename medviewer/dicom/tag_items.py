"""The rows of a file as nested items: what readers of objects ask by keyword behind the guard of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from medviewer.dicom.nesting import ITEM
from medviewer.dicom.tag_tree import TagRow


@dataclass
class TagItem:
    """One dataset or item: its rows by keyword, and its sequences."""

    rows: dict[str, TagRow] = field(default_factory=dict)
    sequences: dict[str, list[TagItem]] = field(default_factory=dict)

    def items(self, keyword: str) -> list[TagItem]:
        """The items of a sequence, none where it is not there."""
        return self.sequences.get(keyword, [])

    def first(self, keyword: str) -> TagItem:
        """The first item of a sequence, an empty one where there is none."""
        return next(iter(self.items(keyword)), TagItem())

    def get(self, keyword: str) -> str:
        """A value as text, or empty."""
        row = self.rows.get(keyword)
        return row.value if row is not None else ""

    @property
    def meaning(self) -> str:
        """What a code item says: its meaning, else the code."""
        return self.get("CodeMeaning") or self.get("CodeValue") or self.get("LongCodeValue")


def tag_items(rows: Sequence[TagRow]) -> TagItem:
    """The rows as nested items; an item lies one step below its sequence, its elements one more."""
    root = TagItem()
    at: dict[int, TagItem] = {0: root}
    latest: dict[int, list[TagItem]] = {}
    for row in rows:
        if row.tag == ITEM:
            at[row.depth + 1] = made = TagItem()
            latest[row.depth - 1].append(made)
        elif row.vr == "SQ":
            latest[row.depth] = at[row.depth].sequences[row.keyword] = []
        else:
            at[row.depth].rows[row.keyword] = row
    return root
