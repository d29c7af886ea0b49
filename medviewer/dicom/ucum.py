"""Units of measurement by their UCUM code (PS3.3 10.7, PS3.16 CID 82), as people write them."""

from __future__ import annotations

import re

_OWN = {"[hnsf'U]": "HU", "1": "", "[degF]": "°F", "Cel": "°C", "deg": "°", "[in_i]": "in", "mm[Hg]": "mmHg"}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_POWER = re.compile(r"(?<=[A-Za-zµ\])])([+-]?\d+)")
_TEN = re.compile(r"10(?:\^|\*)?([+-]\d+)")
_MICRO = re.compile(r"(?<![A-Za-z\[{])u(?=[A-Za-z])")
_ANNOTATION = re.compile(r"\{([^}]*)\}")
_LITRE = re.compile(r"(?<![A-Za-z])([mdcµ]?)l(?![A-Za-z])")


def unit_name(code: str) -> str:
    """ "um2/s" is "µm²/s", "{SUVbw}g/ml" is "SUVbw g/mL", "1" and "{no units}" are nothing."""
    if code in _OWN:
        return _OWN[code]
    if not code or code.strip("{}").lower() in ("no units", "nounits", "unitless"):
        return ""
    notes = _ANNOTATION.findall(code)
    bare = _MICRO.sub("µ", _ANNOTATION.sub("", code))
    bare = _TEN.sub(lambda found: "10" + found.group(1).lstrip("+").translate(_RAISED), bare)
    bare = _POWER.sub(lambda found: found.group(1).lstrip("+").translate(_RAISED), bare)
    bare = _LITRE.sub(r"\1L", bare).replace(".", " ").replace("[hnsf'U]", "HU")
    return " ".join(part for part in (*notes, bare.strip()) if part)
