"""The structures ``brain-mr`` knows: one table, read by training, network, findings and card.

The network answers one class without side for every voxel, and apart from it the side; what is paired in the
body is then split. So the two halves share what is learned, and a picture mirrored in training needs only its
side mirrored.

Numbers of label maps are FreeSurfer's (FreeSurferColorLUT.txt).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Structure:
    """One class: FreeSurfer numbers of the left and the right half, or of the middle (``both``)."""

    name: str
    title: str
    left: tuple[int, ...] = ()
    right: tuple[int, ...] = ()
    both: tuple[int, ...] = ()

    @property
    def paired(self) -> bool:
        """Whether the body has one on each side."""
        return bool(self.left)

    @property
    def numbers(self) -> tuple[int, ...]:
        """All its FreeSurfer numbers."""
        return self.left + self.right + self.both


STRUCTURES = (
    Structure("background", "Background"),
    Structure("cerebral_white_matter", "cerebral white matter", (2, 25), (41, 57)),
    Structure("cerebral_cortex", "cerebral cortex", (3,), (42,)),
    Structure("lateral_ventricle", "lateral ventricle", (4, 5, 136, 137), (43, 44, 163, 164)),
    Structure("thalamus", "thalamus", (10,), (49,)),
    Structure("caudate", "caudate nucleus and accumbens", (11, 26), (50, 58)),
    Structure("putamen", "putamen", (12,), (51,)),
    Structure("pallidum", "pallidum", (13,), (52,)),
    Structure("hippocampus", "hippocampus", (17,), (53,)),
    Structure("amygdala", "amygdala", (18,), (54,)),
    Structure("ventral_diencephalon", "ventral diencephalon", (28,), (60,)),
    Structure("cerebellar_white_matter", "cerebellar white matter", (7,), (46,)),
    Structure("cerebellar_cortex", "cerebellar cortex", (8,), (47,)),
    Structure("third_ventricle", "third ventricle", both=(14,)),
    Structure("fourth_ventricle", "fourth ventricle", both=(15,)),
    Structure("brain_stem", "brain stem", both=(16,)),
    Structure("csf", "cerebrospinal fluid outside the ventricles", both=(24, 30, 62, 72)),
)
"""In the order of the network's classes. 5 and 44 are the temporal horns, 136 to 164 parts of the ventricles
that these maps tell apart; 30 and 62 are vessels and the fluid around them, 72 the cavum septi pellucidi."""

RIGHT, LEFT = 0, 1
"""The sides as the network is taught them: the probability it gives is that of the left."""


def index_of(name: str) -> int:
    """The class number of a structure. Raises KeyError for one that is none."""
    for number, structure in enumerate(STRUCTURES):
        if structure.name == name:
            return number
    raise KeyError(name)


def joint_names() -> tuple[str, ...]:
    """Names of all classes with their sides: "background", "left_thalamus", "right_thalamus"."""
    return tuple(name for _, _, name in joint())


def joint() -> Iterator[tuple[int, int | None, str]]:
    """(class, side or None, name) of every class with its side, in the order of the card's outputs."""
    for number, structure in enumerate(STRUCTURES):
        if not structure.paired:
            yield number, None, structure.name
            continue
        yield number, LEFT, f"left_{structure.name}"
        yield number, RIGHT, f"right_{structure.name}"
