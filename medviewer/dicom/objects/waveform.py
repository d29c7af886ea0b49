"""Waveforms: ECG, pressures and the like, as channels in their own units (PS3.3 C.10.9).

Built on the guarded rows of :mod:`~medviewer.dicom.tag_tree`; no dataset object is made of a foreign file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom.elements import Broken, Window
from medviewer.dicom.objects.waveform_notes import Annotation, annotations_of
from medviewer.dicom.tag_items import TagItem, tag_items
from medviewer.dicom.tag_tree import read_tags
from medviewer.dicom.ucum import unit_name
from medviewer.dicom.values import number
from medviewer.dicom.walk import begin
from medviewer.tasks import TaskContext

_LONGEST = 2000
_MOST_CHANNELS = 512
_MOST_VALUES = 1 << 26
"""Samples of all channels together: a day of three leads at 250 a second."""
_TYPES = {
    ("8", "SB"): "i1",
    ("8", "UB"): "u1",
    ("16", "SS"): "i2",
    ("16", "US"): "u2",
    ("32", "SL"): "i4",
    ("32", "UL"): "u4",
    ("64", "SV"): "i8",
    ("64", "UV"): "u8",
}
"""(bits allocated, sample interpretation) -> how a sample is stored; µ-law and A-law are sound."""


@dataclass(frozen=True, eq=False)
class Channel:
    """One lead or sensor. ``values``: (samples,) float32 in ``unit`` ("" for stored numbers), NaN where the
    file says padding. ``start_s``: time of the first sample, from the start of the group."""

    name: str
    unit: str
    values: NDArray[np.float32]
    start_s: float = 0.0


@dataclass(frozen=True, eq=False)
class Group:
    """Channels sampled together, ``rate`` times a second; ``start_s`` from the start of the recording."""

    label: str
    rate: float
    channels: tuple[Channel, ...]
    start_s: float = 0.0

    @property
    def seconds(self) -> float:
        """How long the recording is."""
        return len(self.channels[0].values) / self.rate


@dataclass(frozen=True, eq=False)
class Waveform:
    """What a waveform object holds. ``stopped`` tells what could not be read, or is empty."""

    groups: tuple[Group, ...]
    annotations: tuple[Annotation, ...] = ()
    stopped: str = ""


def read_waveform(path: Path, context: TaskContext | None = None) -> Waveform:
    """All groups that can be read. Raises :class:`Broken` where there is none; OSError, Cancelled."""
    context = context or TaskContext()
    tree = read_tags(path, context, longest=_LONGEST)
    root = tag_items(tree.rows)
    groups: list[Group] = []
    numbers: dict[int, int] = {}
    why = tree.stopped
    left = _MOST_VALUES
    with path.open("rb", buffering=0) as file:
        begun = begin(file)
        for k, item in enumerate(root.items("WaveformSequence")):
            context.check()
            try:
                made = _group(item, begun.window, begun.coding.little, left)
            except Broken as error:
                why = why or str(error)
                continue
            left -= sum(len(channel.values) for channel in made.channels)
            numbers[k + 1] = len(groups)
            groups.append(made)
    if not groups:
        raise Broken(why or "The file holds no waveform.")
    rates = {number: groups[at].rate for number, at in numbers.items()}
    return Waveform(tuple(groups), annotations_of(root, numbers, rates), why)


def _group(item: TagItem, window: Window, little: bool, most: int) -> Group:
    """One multiplex group. Raises :class:`Broken` where its numbers cannot be."""
    count, samples = (_count(item, f"NumberOfWaveform{what}") for what in ("Channels", "Samples"))
    rate = number(item.get("SamplingFrequency"))
    if rate is None or not 0 < rate <= 1e9:
        raise Broken("The waveform does not say how often it was sampled.")
    kind = _TYPES.get((item.get("WaveformBitsAllocated"), item.get("WaveformSampleInterpretation")))
    if kind is None:
        raise Broken("This kind of waveform sample is not supported.")
    if count > _MOST_CHANNELS or count * samples > most:
        raise Broken("The waveform is longer than can be shown.")
    definitions = item.items("ChannelDefinitionSequence")
    if len(definitions) != count:
        raise Broken("The waveform does not describe its channels.")
    dtype = np.dtype(kind).newbyteorder("<" if little else ">")
    row = item.rows.get("WaveformData")
    if row is None or row.length < count * samples * dtype.itemsize:
        raise Broken("The waveform is shorter than it says.")
    raw = window.take(row.offset, count * samples * dtype.itemsize)
    stored = np.frombuffer(raw, dtype).reshape(samples, count)
    padding = _padding(item, window, dtype)
    channels = tuple(
        _channel(definition, stored[:, k], padding, k, rate) for k, definition in enumerate(definitions)
    )
    offset = number(item.get("MultiplexGroupTimeOffset")) or 0.0
    return Group(item.get("MultiplexGroupLabel"), rate, channels, offset / 1000)


def _count(item: TagItem, keyword: str) -> int:
    text = item.get(keyword)
    if not text.isdecimal() or int(text) < 1:
        raise Broken("The waveform does not say how long it is.")
    return int(text)


def _padding(item: TagItem, window: Window, dtype: np.dtype[np.generic]) -> int | None:
    """Waveform Padding Value: the stored number that stands for no sample."""
    row = item.rows.get("WaveformPaddingValue")
    if row is None or row.length < dtype.itemsize:
        return None
    return int(np.frombuffer(window.take(row.offset, dtype.itemsize), dtype)[0])


def _channel(
    item: TagItem, stored: NDArray[np.generic], padding: int | None, at: int, rate: float
) -> Channel:
    """stored * sensitivity * correction + baseline (PS3.3 C.10.9.1.4.2); without sensitivity as stored."""
    code = item.first("ChannelSensitivityUnitsSequence")
    sensitivity = number(item.get("ChannelSensitivity"))
    correction = number(item.get("ChannelSensitivityCorrectionFactor"))
    baseline = number(item.get("ChannelBaseline"))
    values = stored.astype(np.float64)
    unit = ""
    if sensitivity:
        values = values * sensitivity * (1.0 if correction is None else correction) + (baseline or 0.0)
        scheme = code.get("CodingSchemeDesignator")
        unit = unit_name(code.get("CodeValue")) if scheme == "UCUM" else code.meaning
    with np.errstate(over="ignore"):
        shown = values.astype(np.float32)
    if padding is not None:
        shown[stored == padding] = np.nan
    skew = number(item.get("ChannelTimeSkew"))
    if skew is None:
        skew = (number(item.get("ChannelSampleSkew")) or 0.0) / rate
    name = item.get("ChannelLabel") or item.first("ChannelSourceSequence").meaning
    return Channel(_short(name) or f"Channel {at + 1}", unit, shown, skew)


def _short(name: str) -> str:
    """ "Lead I (Einthoven)" is "I", as it stands on paper."""
    return name.removeprefix("Lead ").removesuffix(" (Einthoven)").strip()
