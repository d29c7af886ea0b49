"""The export as a whole: consistent over a study, whole or not there, no new error of a validator."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pydicom
import pytest

from medviewer.dicom.deidentify.options import Option
from medviewer.dicom.deidentify.plan import Decision, Verdict, make_plan
from medviewer.dicom.scan import scan
from medviewer.errors import Cancelled, NothingReadable, WriteError
from medviewer.review import deidentified, whole_folder
from medviewer.review.deidentified import Exported, export
from medviewer.tasks import TaskContext
from tests.factories import make_ct_series

ALL = frozenset(Option)


def leave(source: Path, target: Path, options: frozenset[Option] = ALL) -> Exported:
    plan = make_plan(scan([source]), options)
    return export(plan, dict.fromkeys(plan.suspects, Decision(Verdict.CLEAN)), target)


def uids_of(ds: pydicom.Dataset) -> set[str]:
    found = set()
    for element in ds.iterall():
        if element.VR == "UI" and element.value and not str(element.value).startswith("1.2.840.10008"):
            found |= {str(v) for v in (element.value if element.VM > 1 else [element.value])}
    return found


def test_that_file_names_tell_nothing_and_count_series_and_images(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "in", slices=3)
    make_ct_series(tmp_path / "in", slices=2, seed=5)
    done = leave(tmp_path / "in", tmp_path / "out")
    assert len(done.names) == 5
    assert all(re.fullmatch(r"ST\d{6}/SE\d{6}/IM\d{6}\.dcm", name) for name in done.names)
    assert sorted(
        p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.dcm")
    ) == sorted(done.names)


def test_that_a_series_stays_one_volume_with_the_same_values(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "in")
    leave(tmp_path / "in", tmp_path / "out", frozenset())
    before, after = (scan([tmp_path / name]).all_series()[0] for name in ("in", "out"))
    assert after.is_volume
    assert after.geometry is not None
    assert before.geometry is not None
    assert (after.geometry.affine == before.geometry.affine).all()
    assert [i.number for i in after.instances] == [i.number for i in before.instances]


def test_that_intervals_between_studies_of_a_patient_stay(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "in", slices=1, tweak=lambda ds, k: setattr(ds, "StudyDate", "20240102"))
    make_ct_series(
        tmp_path / "in", slices=1, seed=2, tweak=lambda ds, k: setattr(ds, "StudyDate", "20240401")
    )
    leave(tmp_path / "in", tmp_path / "out", frozenset({Option.DATES}))
    days = sorted(pydicom.dcmread(p).StudyDate for p in (tmp_path / "out").rglob("*.dcm"))
    first, second = (date.fromisoformat(f"{d[:4]}-{d[4:6]}-{d[6:]}") for d in days)
    assert (second - first).days == 90
    assert second < date(2024, 1, 2)


def test_that_two_patients_stay_two_and_two_exports_share_nothing(tmp_path: Path) -> None:
    def other(ds: pydicom.Dataset, _: int) -> None:
        ds.PatientID, ds.PatientName = "T2", "Other^Otto"

    make_ct_series(tmp_path / "in", slices=1)
    make_ct_series(tmp_path / "in", slices=1, seed=2, tweak=other)
    sets = []
    for name in ("a", "b"):
        leave(tmp_path / "in", tmp_path / name)
        made = [pydicom.dcmread(p) for p in (tmp_path / name).rglob("*.dcm")]
        assert len({ds.PatientID for ds in made}) == 2
        sets.append(set().union(*(uids_of(ds) for ds in made)) | {ds.PatientID for ds in made})
    assert not sets[0] & sets[1]


def test_that_references_within_a_real_study_still_lead_there(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "objects/dcmqi/segmentations/24x38x3"
    if not source.is_dir():
        pytest.skip("these objects are not among the shared data")
    leave(source, tmp_path / "out")
    made = [pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    images = {ds.SOPInstanceUID for ds in made if ds.Modality != "SEG"}
    segmentation = next(ds for ds in made if ds.Modality == "SEG")
    named = {
        i.ReferencedSOPInstanceUID
        for s in segmentation.ReferencedSeriesSequence
        for i in s.ReferencedInstanceSequence
    }
    assert named
    files = [path for path in source.rglob("*") if path.suffix in (".dcm", ".seg")]
    before = [pydicom.dcmread(path) for path in files]
    old = next(ds for ds in before if ds.Modality == "SEG")
    there = {ds.SOPInstanceUID for ds in before if ds.Modality != "SEG"}
    wanted = {
        i.ReferencedSOPInstanceUID for s in old.ReferencedSeriesSequence for i in s.ReferencedInstanceSequence
    }
    assert len(named & images) == len(wanted & there) > 0
    assert not set().union(*map(uids_of, made)) & set().union(*map(uids_of, before)) - KEPT


KEPT = {"2.16.840.1.113883.6.96"}
STUDIES = (
    *("studies/ct_chest_A0001", "studies/ct_chest_A0002", "studies/ct_head_GE_gantrytilt", "studies/misc"),
    *("studies/mr_brain_t1_studyforrest", "studies/mr_enhanced_multiframe"),
)


def errors_of(path: Path) -> set[str]:
    run = subprocess.run(
        ["dciodvfy", "-new", path], capture_output=True, text=True, errors="replace", check=False
    )
    lines = (run.stdout + run.stderr).splitlines()
    return {re.sub(r"<[^>]*>|\d+(\.\d+)+", "", line) for line in lines if line.startswith("Error")}


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools (dciodvfy) is not on this machine")
@pytest.mark.parametrize("name", STUDIES)
def test_that_a_validator_finds_no_new_error(shared_data: Path, tmp_path: Path, name: str) -> None:
    """The first files of every series of each study, by the basic profile and with all options."""
    found = scan([shared_data / name])
    firsts = {one.instances[0].path: None for one in found.all_series()} | {
        o.path: None for o in found.objects
    }
    sources = [path for path in firsts if path.stat().st_size < 1 << 22][:6]
    for options in (frozenset[Option](), ALL):
        plan = make_plan(scan(sources), options)
        for k, file in enumerate(file for file in plan.files if not file.refused):
            out = tmp_path / f"{len(options)}-{k}.dcm"
            out.write_bytes(plan.made(file, Decision(Verdict.CLEAN) if file.suspect else None))
            assert errors_of(out) - errors_of(file.source) == set(), file.source.name


# ---- whole or not there ---------------------------------------------------------------------------------


def test_that_a_folder_with_something_in_it_is_not_touched(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "in", slices=1)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x").write_text("mine")
    with pytest.raises(WriteError, match="already holds"):
        leave(tmp_path / "in", tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["x"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out"]


def test_that_a_full_disk_in_the_middle_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_ct_series(tmp_path / "in", slices=3)
    written = []

    def full(room: Path, name: str, data: bytes) -> None:
        if written:
            raise OSError(28, "No space left on device")
        written.append(name)
        whole_folder.put(room, name, data)

    monkeypatch.setattr(deidentified, "put", full)
    with pytest.raises(WriteError, match="disk is full"):
        leave(tmp_path / "in", tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_that_a_read_only_place_is_a_sentence(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "in", slices=1)
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(WriteError, match="may not be written"):
        leave(tmp_path / "in", tmp_path / "locked" / "out")


def test_that_a_cancelled_export_leaves_nothing(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "in", slices=3)
    plan = make_plan(scan([tmp_path / "in"]), [])
    context = TaskContext(lambda fraction, _: context.cancel() if fraction > 0.5 else None)
    with pytest.raises(Cancelled):
        export(plan, dict.fromkeys(plan.suspects, Decision(Verdict.CLEAN)), tmp_path / "out", context)
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_that_nothing_is_written_where_nothing_may_leave(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "in", slices=1)
    with pytest.raises(NothingReadable):
        export(make_plan(scan([tmp_path / "in"]), []), {}, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


_KILLED = """
import os, signal, sys
from pathlib import Path
from medviewer.review.whole_folder import put, whole_folder
with whole_folder(Path(sys.argv[1])) as room:
    put(room, "SE000001/IM000001.dcm", b"half of it")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL there")
def test_that_a_killed_export_stands_under_no_name_and_the_next_sweeps_it(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path / "out")], check=False)
    assert run.returncode == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    (left,) = tmp_path.iterdir()
    assert left.match(".medviewer-*.partial")
    make_ct_series(tmp_path / "in", slices=1)
    leave(tmp_path / "in", tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out"]
