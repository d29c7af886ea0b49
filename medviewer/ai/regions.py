"""Body regions as headers name them."""

from __future__ import annotations

import re

REGIONS: dict[str, tuple[str, ...]] = {
    "chest": ("CHEST", "THORA", "TORAX", "LUNG", "PULM", "POUMON", "BRUST", "胸", "肺"),
    "head": ("HEAD", "BRAIN", "SKULL", "CRANI", "CEREB", "SINUS", "ORBIT", "FACE", "IAC", "KOPF", "HIPPO"),
    "heart": ("HEART", "SAX", "CARDI", "COEUR", "HERZ", "KARDI", "CORAZ", "心"),
    "neck": ("NECK", "CSPINE", "CERVIC", "LARYNX", "THYROID"),
    "abdomen": ("ABD", "LIVER", "KIDNEY", "RENAL", "PANCREAS", "COLON", "UROGRA"),
    "pelvis": ("PELVI", "HIP", "BLADDER", "PROSTAT"),
    "spine": ("SPINE", "LSPINE", "TSPINE", "LUMBAR", "SACR"),
    "teeth": ("TEETH", "TOOTH", "DENTAL", "MANDIB", "MAXILL", "JAW", "ZÄHNE", "KIEFER"),
    "limb": ("KNEE", "ANKLE", "FOOT", "HAND", "WRIST", "ELBOW", "SHOULDER", "FEMUR", "TIBIA", "LEG", "ARM"),
}
"""Beginnings of the words (upper case) by which headers name a body region."""


_PLANES = ("SAG", "COR", "TRA", "AX")
"""What protocols glue before a region: "t1sagknee"."""


def names(text: str, region: str) -> bool:
    """Whether header text names a region: a word begins with one of its beginnings, or does after a plane."""
    words = re.findall(r"[^\W\d_]+", text.upper())
    words += [word.removeprefix(plane) for word in words for plane in _PLANES if word.startswith(plane)]
    return any(word.startswith(begin) for word in words for begin in REGIONS[region])
