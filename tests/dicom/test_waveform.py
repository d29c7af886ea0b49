"""Channels hold what was sampled, in their own unit; what makes no sense is refused in words."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from medviewer.dicom.elements import Broken
from medviewer.dicom.objects.waveform import Waveform, read_waveform
from medviewer.dicom.scan import scan
from tests.dicom.test_walk import nested, with_inserted
from tests.dicom.waves import KINDS, channel, group, sines, write_waveform
from tests.factories import coded


def matrix(waveform: Waveform, at: int = 0) -> np.ndarray:
    return np.stack([channel.values for channel in waveform.groups[at].channels], axis=1)


@pytest.mark.parametrize("kind", list(KINDS))
def test_that_every_kind_of_sample_is_read(tmp_path: Path, kind: str) -> None:
    stored = sines() + (128 if kind.startswith("U") else 0)
    found = read_waveform(write_waveform(tmp_path / "a", group(stored, kind)))
    np.testing.assert_array_equal(matrix(found), stored.astype(np.float32))
    assert found.groups[0].rate == 500.0
    assert found.groups[0].seconds == 2.0


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_that_every_encoding_gives_the_same_curve(tmp_path: Path, syntax: str) -> None:
    made = group(sines())
    if syntax == ExplicitVRBigEndian:
        made.WaveformData = sines().astype(">i2").tobytes()
    ds = pydicom.dcmread(write_waveform(tmp_path / "a", made))
    ds.file_meta.TransferSyntaxUID = syntax
    little = syntax != ExplicitVRBigEndian
    pydicom.dcmwrite(
        tmp_path / "b", ds, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=little,
        enforce_file_format=True,
    )  # fmt: skip
    np.testing.assert_array_equal(matrix(read_waveform(tmp_path / "b")), sines().astype(np.float32))


def test_that_sensitivity_correction_and_baseline_count(tmp_path: Path) -> None:
    leads = (
        channel("Lead I (Einthoven)", "uV", "1.25", ChannelSensitivityCorrectionFactor="0.9"),
        channel("ART", "mm[Hg]", "0.5", ChannelBaseline="-20.5", ChannelLabel="ART 1"),
    )
    path = write_waveform(tmp_path / "a", group(sines(), "SS", "500", *leads))
    found = read_waveform(path)
    truth = pydicom.dcmread(path).waveform_array(0)
    np.testing.assert_array_equal(matrix(found), truth.astype(np.float32))
    assert [(c.name, c.unit) for c in found.groups[0].channels] == [("I", "µV"), ("ART 1", "mmHg")]


def test_that_padding_is_no_value(tmp_path: Path) -> None:
    stored = sines()
    stored[100:200, 1] = -32768
    made = group(stored)
    made.add_new("WaveformPaddingValue", "OW", np.int16(-32768).tobytes())
    values = matrix(read_waveform(write_waveform(tmp_path / "a", made)))
    np.testing.assert_array_equal(np.isnan(values), stored == -32768)


def test_that_a_channel_without_sensitivity_shows_stored_numbers(tmp_path: Path) -> None:
    bare = channel("Lead X")
    del bare.ChannelSensitivity
    found = read_waveform(write_waveform(tmp_path / "a", group(sines(channels=1), "SS", "500", bare)))
    assert found.groups[0].channels[0].unit == ""
    np.testing.assert_array_equal(matrix(found), sines(channels=1).astype(np.float32))


def test_that_skew_and_offset_move_the_curve(tmp_path: Path) -> None:
    late = channel("Lead X", ChannelTimeSkew="0.25")
    made = group(sines(channels=1), "SS", "500", late)
    made.MultiplexGroupTimeOffset = "1500"
    (found,) = read_waveform(write_waveform(tmp_path / "a", made)).groups
    assert (found.start_s, found.channels[0].start_s) == (1.5, 0.25)


def test_that_a_real_ecg_equals_pydicoms(tmp_path: Path) -> None:
    path = Path(get_testdata_file("waveform_ecg.dcm", download=False))
    shutil.copy(path, tmp_path / "a.dcm")
    found, ds = read_waveform(path), pydicom.dcmread(path)
    assert [g.label for g in found.groups] == ["RHYTHM", "MEDIAN BEAT"]
    for k in range(2):
        np.testing.assert_array_equal(matrix(found, k), ds.waveform_array(k).astype(np.float32))
    names = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
    assert [c.name for c in found.groups[0].channels] == names
    assert {c.unit for c in found.groups[0].channels} == {"µV"}
    assert "QT Interval 368\u2009ms" in [a.text for a in found.annotations]
    (other,) = scan([tmp_path]).objects
    assert (other.kind.code, other.kind.name) == ("WAVE", "12-lead ECG")


def note(**facts: Any) -> Dataset:
    ds = Dataset()
    ds.ReferencedWaveformChannels = [1, 0]
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    return ds


@pytest.mark.parametrize(
    ("facts", "text", "seconds"),
    [
        ({"UnformattedTextValue": "Sinus rhythm"}, "Sinus rhythm", None),
        (
            {"ConceptNameCodeSequence": coded("1", "P Onset", "99T"), "ReferencedSamplePositions": [251]},
            "P Onset",
            0.5,
        ),
        (
            {"ConceptNameCodeSequence": coded("1", "Beat", "99T"), "ReferencedTimeOffsets": ["1.25"]},
            "Beat",
            1.25,
        ),
        (
            {
                "ConceptNameCodeSequence": coded("1", "Axis", "99T"),
                "NumericValue": ["-30"],
                "MeasurementUnitsCodeSequence": coded("deg", "degree", "UCUM"),
            },
            "Axis \u221230\u2009°",
            None,
        ),
        (
            {
                "ConceptNameCodeSequence": coded("1", "Rhythm", "99T"),
                "ConceptCodeSequence": coded("2", "Sinus", "99T"),
            },
            "Rhythm: Sinus",
            None,
        ),
    ],
)
def test_that_annotations_are_told_with_their_moment(
    tmp_path: Path, facts: dict[str, Any], text: str, seconds: float | None
) -> None:
    def tweak(ds: Dataset) -> None:
        ds.WaveformAnnotationSequence = Sequence([note(**facts)])

    (found,) = read_waveform(write_waveform(tmp_path / "a", group(sines()), tweak=tweak)).annotations
    assert (found.text, found.group, found.seconds) == (text, 0, seconds)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"NumberOfWaveformSamples": 4_000_000_000}, "longer than can be shown"),
        ({"NumberOfWaveformSamples": 1001}, "shorter than it says"),
        ({"NumberOfWaveformSamples": 0}, "how long it is"),
        ({"NumberOfWaveformChannels": 60_000}, "longer than can be shown"),
        ({"NumberOfWaveformChannels": 3}, "does not describe its channels"),
        ({"SamplingFrequency": "0"}, "how often"),
        ({"SamplingFrequency": None}, "how often"),
        ({"WaveformSampleInterpretation": "MB"}, "not supported"),
        ({"WaveformBitsAllocated": 12}, "not supported"),
        ({"WaveformBitsAllocated": 8}, "not supported"),
        ({"WaveformData": b""}, "shorter than it says"),
    ],
)
def test_that_what_cannot_be_is_refused(tmp_path: Path, damage: dict[str, Any], words: str) -> None:
    made = group(sines())
    for keyword, value in damage.items():
        setattr(made, keyword, value)
    with pytest.raises(Broken, match=words):
        read_waveform(write_waveform(tmp_path / "a", made))


def test_that_a_damaged_group_leaves_the_others(tmp_path: Path) -> None:
    bad, good = group(sines()), group(sines(channels=3))
    bad.SamplingFrequency = "-1"

    def tweak(ds: Dataset) -> None:
        other = note(UnformattedTextValue="of the second")
        other.ReferencedWaveformChannels = [2, 1]
        ds.WaveformAnnotationSequence = Sequence([other])

    found = read_waveform(write_waveform(tmp_path / "a", bad, good, tweak=tweak))
    assert len(found.groups) == 1
    assert len(found.groups[0].channels) == 3
    assert "how often" in found.stopped
    assert found.annotations[0].group == 0


def test_that_a_file_without_waveform_says_so(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="no waveform"):
        read_waveform(write_waveform(tmp_path / "a"))


def test_that_hostile_nesting_ends_with_a_sentence(tmp_path: Path) -> None:
    path = with_inserted(write_waveform(tmp_path / "a", group(sines())), nested(5000))
    with pytest.raises(Broken):
        read_waveform(path)


def test_that_a_file_cut_anywhere_never_raises_but_in_words(tmp_path: Path) -> None:
    whole = write_waveform(tmp_path / "a", group(sines(samples=50))).read_bytes()
    said = []
    for length in range(132, len(whole), 7):
        (tmp_path / "b").write_bytes(whole[:length])
        try:
            read_waveform(tmp_path / "b")
        except Broken as error:
            said.append(str(error))
    assert said
    assert all(sentence.endswith(".") for sentence in said)
