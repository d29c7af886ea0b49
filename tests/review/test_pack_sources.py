"""Sources that are gone, changed, incomplete or of two patients: a sentence each, and nothing half done."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from medviewer.errors import Cancelled, UnreadableImage, UsageError
from medviewer.review.pack_gather import gather
from medviewer.review.state import State
from medviewer.tasks import TaskContext
from tests.review.makers import NOW
from tests.review.packs import EVERY, packed, parts_of, read_session


def rewrite(path: Path, **facts: str | None) -> None:
    """Another file under the same size and time: the header says otherwise than when it was opened."""
    status = path.stat()
    ds = pydicom.dcmread(path)
    for keyword, value in facts.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    ds.save_as(path)
    with path.open("ab") as file:
        file.truncate(status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"PatientID": "T2"}, "more than one patient"),
        ({"StudyInstanceUID": None}, "more than one study"),
        ({"SOPInstanceUID": None}, "SOPInstanceUID|no longer among"),
    ],
)
def test_that_wrong_sources_are_refused_in_a_sentence_with_nothing_written(
    study: Path, tmp_path: Path, facts: dict[str, str | None], sentence: str
) -> None:
    state = read_session(study).state
    rewrite(sorted(study.iterdir())[2], **facts)
    with pytest.raises(UnreadableImage, match=sentence):
        packed(state, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_that_images_that_are_gone_or_changed_are_refused(study: Path, tmp_path: Path) -> None:
    state = read_session(study).state
    path = sorted(study.iterdir())[2]
    os.utime(path, ns=(1, 1))
    with pytest.raises(UnreadableImage, match="changed since"):
        packed(state, tmp_path / "out")
    path.unlink()
    with pytest.raises(UnreadableImage, match="no longer there"):
        packed(state, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_that_series_of_two_patients_never_meet_in_one_pack(study: Path, tmp_path: Path) -> None:
    state = read_session(study).state
    assert state.series is not None
    state = replace(state, series=replace(state.series, patient_key="somebody else"))
    with pytest.raises(UnreadableImage, match="more than one patient"):
        packed(state, tmp_path / "out", ("SEG",))


def test_that_an_empty_screen_and_a_cancelled_gathering_write_nothing(study: Path) -> None:
    with pytest.raises(UsageError, match="no study"):
        parts_of(State())
    context = TaskContext()
    context.cancel()
    with pytest.raises(Cancelled):
        gather(read_session(study).state, EVERY, volumes={}, cards={}, now=NOW, context=context)
