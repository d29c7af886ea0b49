"""What was read goes into a pack and comes back: voxels, figures, decisions, references; nobody's name."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medviewer.ai.findings import Notice
from medviewer.review.pack import proven
from medviewer.review.pack_gather import pack_name
from medviewer.review.pack_kinds import KINDS, default_kinds
from medviewer.review.pack_manifest import verify
from medviewer.review.state import State, Verdict
from medviewer.tasks import TaskContext
from medviewer.training.demo import DemoStudy
from tests.dicom.evidence.validators import document, entity_errors, iod_errors
from tests.factories import make_ct_series
from tests.review.makers import NOW
from tests.review.packs import EVERY, packed, parts_of, read_session

SEG = "1.2.840.10008.5.1.4.1.1.66.4"


def objects(folder: Path) -> dict[str, Dataset]:
    return {path.stem: pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))}


def told(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def outlines(seg: Dataset, state: State) -> dict[str, NDArray[np.bool_]]:
    """Label → voxels, unpacked by numpy and placed by the images that the frames name."""
    assert state.series is not None
    order = {instance.sop_uid: k for k, instance in enumerate(state.series.instances)}
    shape = (seg.NumberOfFrames, seg.Rows, seg.Columns)
    bits = np.unpackbits(np.frombuffer(seg.PixelData, np.uint8), bitorder="little")[: np.prod(shape)]
    names = {item.SegmentNumber: item.SegmentLabel for item in seg.SegmentSequence}
    found = {name: np.zeros((len(order), *shape[1:]), bool) for name in names.values()}
    for frame, group in zip(bits.reshape(shape), seg.PerFrameFunctionalGroupsSequence, strict=True):
        source = group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        found[names[number]][order[source]] = frame
    return found


def items(item: Dataset) -> list[Dataset]:
    return [item, *(below for child in item.get("ContentSequence", ()) for below in items(child))]


def name(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeMeaning)


def numbers(sr: Dataset) -> list[tuple[str, float, str]]:
    """(name, value, UCUM code) of every figure of every group."""
    groups = [one for one in items(sr) if one.ValueType == "CONTAINER" and name(one) == "Measurement Group"]
    return [
        (name(one), float(value.NumericValue), str(value.MeasurementUnitsCodeSequence[0].CodeValue))
        for group in groups
        for one in group.ContentSequence
        if one.ValueType == "NUM"
        for value in one.MeasuredValueSequence
    ]


def test_that_everything_ticked_is_written_and_listed(study: Path, tmp_path: Path) -> None:
    state = read_session(study).state
    made = packed(state, tmp_path / "out")
    assert sorted(path.name for path in made.folder.iterdir()) == [
        "annotations.dcm",
        "findings.csv",
        "findings.fhir.json",
        "key-images.dcm",
        "manifest.json",
        "picture-01.dcm",
        "picture-02.dcm",
        "report.dcm",
        "report.pdf",
        "seg.dcm",
        "sr.dcm",
    ]
    assert made.left_out == ()
    assert {entry.kind for entry in made.entries} == set(EVERY)
    assert verify(made.folder) == ()
    manifest = told(made.folder)
    run = state.results_here[0].provenance
    assert manifest["models"] == [
        {
            "id": "lung-ct",
            "version": run.model_version,
            "title": "Model lung-ct",
            "weights_sha256": run.weights_sha256,
        }
    ]
    assert manifest["study_uid"] == run.study_uid
    assert "ot for diagnostic use" in manifest["notice"]


def test_that_all_objects_lie_in_the_study_each_kind_in_a_series_of_its_own(
    study: Path, tmp_path: Path
) -> None:
    state = read_session(study).state
    made = objects(packed(state, tmp_path / "out").folder)
    assert state.series is not None
    assert {str(ds.StudyInstanceUID) for ds in made.values()} == {state.series.study_uid}
    assert {str(ds.PatientID) for ds in made.values()} == {"T1"}
    series = {stem.split("-")[0]: str(ds.SeriesInstanceUID) for stem, ds in made.items()}
    assert len(set(series.values())) == len(series) == 6
    assert state.series.uid not in series.values()
    pictures = [ds for stem, ds in made.items() if stem.startswith("picture")]
    assert len({str(ds.SeriesInstanceUID) for ds in pictures}) == 1
    assert [ds.InstanceNumber for ds in pictures] == [1, 2]
    assert {ds.get("ContentQualification") for ds in made.values()} == {"RESEARCH"}


def test_that_voxels_figures_and_decisions_are_those_of_the_findings(study: Path, tmp_path: Path) -> None:
    state = read_session(study).state
    made = objects(packed(state, tmp_path / "out", ("SEG", "SR")).folder)
    found = outlines(made["seg"], state)
    masks = [finding.mask for finding in state.findings if finding.mask is not None]
    assert sorted(found) == ["Left lung", "Right lung"]
    for mask in masks:
        np.testing.assert_array_equal(found[mask.name.replace("_", " ").capitalize()], mask.full())
    written = numbers(made["sr"])
    values = [round(m.value, m.decimals) for finding in state.findings for m in finding.measurements]
    assert [value for _, value, unit in written if unit != "1"] == values
    assert [value for _, value, unit in written if unit == "1"] == [0.25]
    decisions = [
        one.ConceptCodeSequence[0].CodeValue
        for one in items(made["sr"])
        if one.ValueType == "CODE" and name(one) == "Reader's decision"
    ]
    verdicts = [state.decision_of(finding.id).verdict for finding in state.findings]
    assert verdicts == [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.REJECTED]
    assert decisions == [str(verdict) for verdict in verdicts]


def test_that_the_report_object_refers_to_the_segmentation_beside_it(study: Path, tmp_path: Path) -> None:
    state = read_session(study).state
    made = objects(packed(state, tmp_path / "out", ("SEG", "SR")).folder)
    referred = [
        (reference.ReferencedSOPInstanceUID, reference.ReferencedSegmentNumber)
        for one in items(made["sr"])
        for reference in one.get("ReferencedSOPSequence", ())
        if reference.ReferencedSOPClassUID == SEG
    ]
    assert referred == [(made["seg"].SOPInstanceUID, 1), (made["seg"].SOPInstanceUID, 2)]


def test_that_without_the_segmentation_the_report_object_refers_to_none(study: Path, tmp_path: Path) -> None:
    state = read_session(study).state
    made = objects(packed(state, tmp_path / "out", ("SR",)).folder)
    assert list(made) == ["sr"]
    assert SEG not in str(made["sr"])


def test_that_every_model_has_a_segmentation_and_a_report_object_of_its_own(
    study: Path, tmp_path: Path
) -> None:
    state = read_session(study, ("lung-ct", "other")).state
    made = objects(packed(state, tmp_path / "out", ("SEG", "SR")).folder)
    assert sorted(made) == ["seg-lung-ct", "seg-other", "sr-lung-ct", "sr-other"]
    for model in ("lung-ct", "other"):
        assert str(made[f"seg-{model}"].SOPInstanceUID) in str(made[f"sr-{model}"])
        mask = next(f.mask for f in state.findings if f.id == f"{model}-0")
        assert mask is not None
        np.testing.assert_array_equal(outlines(made[f"seg-{model}"], state)["Right lung"], mask.full())
    assert made["seg-lung-ct"].SeriesInstanceUID == made["seg-other"].SeriesInstanceUID
    assert [made[f"seg-{m}"].InstanceNumber for m in ("lung-ct", "other")] == [1, 2]


def test_that_the_report_object_holds_the_very_file_beside_it(study: Path, tmp_path: Path) -> None:
    folder = packed(read_session(study).state, tmp_path / "out", ("PDF",)).folder
    made = objects(folder)["report"]
    pdf = (folder / "report.pdf").read_bytes()
    assert made.EncapsulatedDocument[: made.EncapsulatedDocumentLength] == pdf


def test_that_tables_hold_the_figures_and_neither_name_nor_id(study: Path, tmp_path: Path) -> None:
    state = read_session(study).state
    folder = packed(state, tmp_path / "out", ("CSV", "FHIR")).folder
    rows = list(csv.DictReader(StringIO((folder / "findings.csv").read_text(encoding="utf-8-sig"))))
    assert [row["value"] for row in rows if row["source"] == "AI"] == ["", "1234.5", "6.2", "1235.5", "6.2"]
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8-sig")
        assert "Tina" not in text
        assert '"T1"' not in text


def test_that_no_file_name_and_no_line_of_the_manifest_names_the_patient(study: Path, tmp_path: Path) -> None:
    state = read_session(study).state
    made = packed(state, tmp_path / "out")
    assert made.folder.name == pack_name(state, NOW)
    assert pack_name(state, NOW).startswith("medviewer-evidence-")
    assert pack_name(state, NOW).endswith("-2026-11-21")
    text = (made.folder / "manifest.json").read_text(encoding="utf-8")
    for word in ("Tina", "Test", "T1"):
        assert word not in text.replace("T10:14", "")
        assert not [path for path in made.folder.iterdir() if word in path.name]


def test_that_what_there_is_nothing_of_is_named_in_the_manifest(study: Path, tmp_path: Path) -> None:
    session = read_session(study)
    state = replace(session.state, key_images=(), measurements=(), results=())
    made = packed(state, tmp_path / "out")
    reasons = {one["kind"]: one["reason"] for one in told(made.folder)["not_written"]}
    assert set(reasons) == {"SEG", "SR", "SC", "KOS", "GSPS"}
    assert reasons["SEG"] == "No model was run on this series. Analyze it first."
    assert reasons["KOS"] == "No image is marked. Mark a key image first."
    assert {entry.kind for entry in made.entries} == {"PDF", "CSV", "FHIR"}


def test_that_a_result_without_outlines_still_has_its_report_object(study: Path, tmp_path: Path) -> None:
    state = read_session(study).state
    result = state.results_here[0]
    state = replace(state, results=(replace(result, findings=result.findings[:1]),))
    made = packed(state, tmp_path / "out", default_kinds())
    assert [(one.kind, one.reason) for one in made.left_out] == [
        ("SEG", "Nothing is outlined, so there is no segmentation to write.")
    ]
    assert numbers(objects(made.folder)["sr"])[0][1] == 0.25


def test_that_no_finding_leaves_without_the_warnings_of_its_run(study: Path, tmp_path: Path) -> None:
    state = read_session(study).state
    warned = replace(state.results_here[0], warnings=(Notice("FORCED", "Run although not suitable."),))
    sr = objects(packed(replace(state, results=(warned,)), tmp_path / "out", ("SR",)).folder)["sr"]
    comments = [one.TextValue for one in items(sr) if one.ValueType == "TEXT" and name(one) == "Comment"]
    assert comments.count("Run although not suitable.") == len(state.findings)


def test_that_images_without_a_place_are_told_and_written_all_the_same(tmp_path: Path) -> None:
    def no_place(ds: Dataset, _: int) -> None:
        del ds.ImagePositionPatient, ds.ImageOrientationPatient

    make_ct_series(tmp_path / "in", slices=7, columns=11, tweak=no_place)
    state = read_session(tmp_path / "in").state
    made = packed(state, tmp_path / "out", ("SEG", "SR"))
    assert made.left_out == ()
    mask = next(f.mask for f in state.findings if f.id == "lung-ct-0")
    assert mask is not None
    found = outlines(objects(made.folder)["seg"], state)
    np.testing.assert_array_equal(found["Right lung"], mask.full())


def test_that_a_source_without_type_2_attributes_is_told_and_written(tmp_path: Path) -> None:
    def bare(ds: Dataset, _: int) -> None:
        for keyword in ("AccessionNumber", "ReferringPhysicianName", "StudyID", "PatientSex"):
            if keyword in ds:
                delattr(ds, keyword)

    make_ct_series(tmp_path / "in", slices=7, columns=11, tweak=bare)
    made = packed(read_session(tmp_path / "in").state, tmp_path / "out", ("SEG", "SR"))
    assert "Accession Number" in told(made.folder)["notices"][0]


def test_that_proven_gives_the_bytes_and_leaves_the_folder_as_it_was(study: Path, tmp_path: Path) -> None:
    parts, _ = parts_of(read_session(study).state, ("SEG", "SR"))
    made, left_out = proven(parts, tmp_path, TaskContext())
    assert list(made) == ["seg.dcm", "sr.dcm"]
    assert made["seg.dcm"][128:132] == b"DICM"
    assert left_out == ()
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_that_the_kinds_are_offered_with_a_sentence_each() -> None:
    assert default_kinds() == {"SEG", "SR", "PDF"}
    assert all(kind.sentence.endswith(".") and "patient data" not in kind.sentence for kind in KINDS)


def test_that_validators_find_nothing_of_ours_in_a_pack_of_the_demo(chest: DemoStudy, tmp_path: Path) -> None:
    """Not even warnings would be ours; errors are counted, and consistency with the images."""
    folder = packed(read_session(chest.series_folder).state, tmp_path / "out").folder
    paths = sorted(folder.glob("*.dcm"))
    assert len(paths) >= 7
    assert {path.name: iod_errors(path) for path in paths} == {path.name: [] for path in paths}
    assert entity_errors([next(iter(chest.series_folder.glob("*.dcm"))), *paths]) == []
    assert "Reader's decision" in document(folder / "sr.dcm")
