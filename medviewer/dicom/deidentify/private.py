"""Private elements that may stay (PS3.15 E.3.10, table E.3.10-1): figures of the acquisition.

Only numbers are in the list: a private text may hold anything.
"""

from __future__ import annotations

from pydicom.dataset import Dataset

SAFE: frozenset[tuple[int, str, int]] = frozenset(
    {
        (0x7053, "Philips PET Private Group", 0x00),  # SUV scale factor
        (0x7053, "Philips PET Private Group", 0x09),  # activity concentration scale factor
        (0x2005, "Philips MR Imaging DD 001", 0x0D),  # scale intercept
        (0x2005, "Philips MR Imaging DD 001", 0x0E),  # scale slope
        (0x00E1, "ELSCINT1", 0x21),  # DLP
        (0x01E1, "ELSCINT1", 0x50),  # acquisition duration
        (0x01F1, "ELSCINT1", 0x07),  # table velocity
        (0x01F1, "ELSCINT1", 0x26),  # pitch
        (0x01F1, "ELSCINT1", 0x27),  # rotation time
        (0x0019, "GEMS_ACQU_01", 0x23),  # table speed
        (0x0019, "GEMS_ACQU_01", 0x24),  # mid scan time
        (0x0019, "GEMS_ACQU_01", 0x27),  # rotation speed
        (0x0025, "GEMS_SERS_01", 0x07),  # images in series
        (0x0043, "GEMS_PARM_01", 0x39),  # b value
        (0x0045, "GEMS_HELIOS_01", 0x01),  # macro rows in detector
        (0x0045, "GEMS_HELIOS_01", 0x02),  # macro width at isocentre
        (0x0019, "SIEMENS MR HEADER", 0x0C),  # b value
        (0x0019, "SIEMENS MR HEADER", 0x0E),  # diffusion gradient direction
        (0x0019, "SIEMENS MR HEADER", 0x27),  # b matrix
    }
)
"""(group, private creator, element within its block)."""
_NUMBERS = frozenset({"DS", "IS", "FL", "FD", "SL", "SS", "UL", "US"})


def is_safe(dataset: Dataset, tag: int, vr: str) -> bool:
    """Whether a private element of a dataset is in the list, and a number."""
    group, element = tag >> 16, tag & 0xFFFF
    if element < 0x1000 or vr not in _NUMBERS:
        return False
    creator = dataset.get((group, element >> 8))
    name = str(creator.value).strip() if creator is not None else ""
    return (group, name, element & 0xFF) in SAFE


def creator_tag(tag: int) -> int:
    """The tag of the element that says whose a private element is (PS3.5 7.8)."""
    return (tag & 0xFFFF0000) | ((tag & 0xFFFF) >> 8)
