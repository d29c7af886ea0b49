"""Overlays from files: on the series and the patient they belong to, and on nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.dicom.study import ScanResult, Series
from medviewer.errors import UnreadableImage
from medviewer.imaging.volume import Mask
from medviewer.review.overlay_reading import Request, read_overlays
from medviewer.review.overlays import Overlay, OverlayFile
from medviewer.review.report_figures import figures
from medviewer.review.session import Session
from medviewer.review.state import Change, State
from tests.dicom.foreign_makers import Drawn, contour, write_seg_frames, write_structures
from tests.factories import make_ct_series

INSIDE = np.zeros((16, 12), bool)
INSIDE[4:9, 3:8] = True


def write_study(folder: Path, seed: int = 0, **facts: object) -> Path:
    """A series and a segmentation of its third image."""
    make_ct_series(folder / f"ct{seed}", slices=5, seed=seed)
    (series,) = scan([folder / f"ct{seed}"]).all_series()
    position = series.instances[2].position
    assert position is not None
    named = (series.instances[2].sop_uid,)
    write_seg_frames(folder / f"seg{seed}.dcm", [Drawn(INSIDE, position, images=named)], seed=seed, **facts)  # type: ignore[arg-type]
    return folder


def request(found: ScanResult, on_screen: str = "", number: int = 0) -> Request:
    return Request(found.objects[number], "900 · Drawn", found, on_screen)


def series_of(found: ScanResult, seed: int) -> Series:
    return next(s for s in found.all_series() if f"ct{seed}" in str(s.instances[0].path))


def opened(found: ScanResult) -> tuple[Session, list[Change]]:
    session, told = Session(), []
    session.open(found)
    session.show(found.all_series()[0].key)
    session.subscribe(lambda state, change: told.append(change))
    return session, told


# ---- the source -----------------------------------------------------------------------------------------


def test_that_a_segmentation_finds_the_series_it_names(tmp_path: Path) -> None:
    write_study(tmp_path, 0)
    write_study(tmp_path, 1)
    found = scan([tmp_path])
    for number in (0, 1):
        file = read_overlays(request(found, number=number))
        seed = int(file.path.stem[-1])
        assert file.series_key == series_of(found, seed).key
        (overlay,) = file.overlays
        assert overlay.mask is not None
        np.testing.assert_array_equal(overlay.mask.slice(2), INSIDE)
        assert (overlay.key_slice, overlay.maker, file.maker) == (2, "manual", "manual")
        assert file.notices == ()


def test_that_without_its_images_it_says_so(tmp_path: Path) -> None:
    write_study(tmp_path)
    (tmp_path / "ct0").rename(tmp_path.with_name(tmp_path.name + "-away"))
    make_ct_series(tmp_path / "other", slices=5, seed=7)
    with pytest.raises(UnreadableImage, match="not open") as told:
        read_overlays(request(scan([tmp_path])))
    assert "Open the folder" in told.value.hint


def test_that_the_frame_of_reference_helps_where_the_images_are_not_named(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=5)
    (series,) = scan([tmp_path]).all_series()
    position = series.instances[3].position
    assert position is not None
    write_seg_frames(tmp_path / "seg.dcm", [Drawn(INSIDE, position, images=("1.2.3.4",))])
    file = read_overlays(request(scan([tmp_path])))
    assert file.overlays[0].key_slice == 3
    assert file.notices == (
        "The images it names are not open: shown on others of the same frame of reference.",
    )


def test_that_the_series_with_the_same_grid_is_taken_before_a_merely_parallel_one(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "thin", slices=9, step=1.0)

    def same_frame(ds: pydicom.Dataset, k: int) -> None:
        ds.FrameOfReferenceUID = frame
        ds.StudyInstanceUID = study

    first = pydicom.dcmread(next((tmp_path / "thin").iterdir()))
    frame, study = first.FrameOfReferenceUID, first.StudyInstanceUID
    make_ct_series(tmp_path / "own", slices=5, step=2.0, spacing=(0.8, 0.8), seed=3, tweak=same_frame)
    found = scan([tmp_path])
    own = next(s for s in found.all_series() if len(s.instances) == 5)
    position = own.instances[1].position
    assert position is not None
    write_seg_frames(tmp_path / "seg.dcm", [Drawn(INSIDE, position)], spacing=(0.8, 0.8))
    found = scan([tmp_path])
    thin = next(s for s in found.all_series() if len(s.instances) == 9)
    assert read_overlays(request(found, thin.key)).series_key == own.key


@pytest.mark.parametrize(
    "fact", [{"PatientID": "T2"}, {"PatientName": "Else^Eva"}, {"PatientBirthDate": "19010101"}]
)
def test_that_another_patient_is_never_drawn_on(tmp_path: Path, fact: dict[str, str]) -> None:
    """The images that are named are open, the frame of reference is the same: it does not count."""
    write_study(tmp_path, **fact)
    with pytest.raises(UnreadableImage, match="another patient"):
        read_overlays(request(scan([tmp_path])))


def test_that_a_file_that_changed_is_not_believed(tmp_path: Path) -> None:
    write_study(tmp_path)
    found = scan([tmp_path])
    ds = pydicom.dcmread(tmp_path / "seg0.dcm")
    ds.PatientID = "T2"
    ds.save_as(tmp_path / "seg0.dcm")
    with pytest.raises(UnreadableImage, match="changed"):
        read_overlays(request(found))
    (tmp_path / "seg0.dcm").unlink()
    with pytest.raises(UnreadableImage, match="could not be read"):
        read_overlays(request(found))


def test_that_contours_become_overlays_with_lines(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=5)
    (series,) = scan([tmp_path]).all_series()
    geometry = series.geometry
    assert geometry is not None
    square = geometry.position([[1, 2, 2], [1, 2, 8], [1, 9, 8], [1, 9, 2]])
    write_structures(tmp_path / "rt.dcm", [("GTV", [contour(square)]), ("Empty", [])], series)
    file = read_overlays(request(scan([tmp_path])))
    gtv, empty = file.overlays
    np.testing.assert_allclose(
        gtv.lines[1][0].points, [[2.5, 2.5], [8.5, 2.5], [8.5, 9.5], [2.5, 9.5]], atol=1e-5
    )
    assert (gtv.key_slice, gtv.mask, gtv.colour) == (1, None, "#FF8000")
    assert empty.is_empty


# ---- the session ----------------------------------------------------------------------------------------


def test_that_overlays_are_seen_on_their_series_alone(tmp_path: Path) -> None:
    write_study(tmp_path, 0)
    make_ct_series(tmp_path / "ct1", slices=5, seed=1)
    found = scan([tmp_path])
    session, told = opened(found)
    file = read_overlays(request(found))
    assert session.add_overlays(file)
    assert told == [Change.FOREIGN]
    for series in found.all_series():
        session.show(series.key)
        assert session.state.overlay_files_here == ((file,) if series.key == file.series_key else ())


def test_that_two_patients_with_one_series_key_do_not_share_overlays(tmp_path: Path) -> None:
    write_study(tmp_path)
    found = scan([tmp_path])
    file = read_overlays(request(found))
    (series,) = found.all_series()
    state = State(scan=found, series=series, overlay_files=(file,))
    assert state.overlay_files_here == (file,)
    stranger = OverlayFile(
        file.path, file.sop_uid, file.title, file.kind, "other", file.series_key, file.overlays
    )
    assert State(scan=found, series=series, overlay_files=(stranger,)).overlay_files_here == ()
    session, _ = opened(found)
    assert not session.add_overlays(stranger)
    assert session.state.overlay_files == ()


def test_that_closing_forgets_them_and_late_ones_are_refused(tmp_path: Path) -> None:
    write_study(tmp_path)
    found = scan([tmp_path])
    session, _ = opened(found)
    file = read_overlays(request(found))
    session.add_overlays(file)
    session.close()
    assert session.state.overlay_files == ()
    assert not session.add_overlays(file)
    session.open(found)
    session.show(found.all_series()[0].key)
    assert session.state.overlay_files_here == ()


def test_that_an_overlay_whose_series_grew_waits_to_be_laid_again(tmp_path: Path) -> None:
    """Nothing made for five images lies on seven."""
    write_study(tmp_path)
    found = scan([tmp_path])
    session, _ = opened(found)
    session.add_overlays(read_overlays(request(found)))
    make_ct_series(tmp_path / "ct0", slices=7)
    session.open(scan([tmp_path]))
    state = session.state
    assert state.series is not None
    assert state.scan is not None
    assert len(state.series.instances) == 7
    assert state.overlay_files == ()
    (waiting,) = state.waiting
    assert waiting.may_begin(state.scan)
    assert session.add_overlays(read_overlays(request(state.scan)))
    assert session.state.waiting == ()
    (file,) = session.state.overlay_files_here
    assert file.overlays[0].mask is not None
    assert file.overlays[0].mask.shape[0] == 7


def test_that_overlays_of_series_that_stay_as_they_were_are_left_alone(tmp_path: Path) -> None:
    write_study(tmp_path, 0)
    found = scan([tmp_path])
    session, _ = opened(found)
    file = read_overlays(request(found))
    session.add_overlays(file)
    make_ct_series(tmp_path / "ct1", slices=5, seed=1)
    session.open(scan([tmp_path]))
    assert session.state.overlay_files == (file,)
    assert session.state.waiting == ()


def test_that_overlays_made_for_fewer_images_are_refused(tmp_path: Path) -> None:
    write_study(tmp_path)
    found = scan([tmp_path])
    file = read_overlays(request(found))
    make_ct_series(tmp_path / "ct0", slices=7)
    session, _ = opened(scan([tmp_path]))
    assert not session.add_overlays(file)


def test_that_they_are_shown_hidden_and_removed_one_by_one() -> None:
    mask = Mask.from_full(1, "a", np.ones((1, 2, 2), bool), None)
    parts = tuple(Overlay(n, f"Part {n}", "#FFFFFF", "manual", mask=mask, key_slice=n) for n in (1, 2))
    file = OverlayFile(Path("x"), "1.2", "Title", "Segmentation", "p", "s", parts)
    session = Session()
    session._state = State(overlay_files=(file,))

    def seen() -> list[bool]:
        return [o.shown for o in session.state.overlay_files[0].overlays]

    session.show_overlay(file.key, False, 2)
    assert seen() == [True, False]
    session.show_overlay(file.key, False)
    assert seen() == [False, False]
    assert session.state.overlay_files[0].key_slice is None
    session.show_overlay(file.key, True, 2)
    assert session.state.overlay_files[0].key_slice == 2
    session.remove_overlays("p 9.9")
    assert len(session.state.overlay_files) == 1
    session.remove_overlays(file.key)
    assert session.state.overlay_files == ()
    assert not session.undo()


def test_that_going_there_shows_the_largest_area(tmp_path: Path) -> None:
    write_study(tmp_path)
    found = scan([tmp_path])
    session, _ = opened(found)
    file = read_overlays(request(found))
    session.add_overlays(file)
    session.scroll(0)
    session.go_to_overlay(file.key)
    assert session.state.index == 2
    session.scroll(0)
    session.go_to_overlay(file.key, 1)
    assert session.state.index == 2
    session.go_to_overlay("unknown")
    session.go_to_overlay(file.key, 99)
    assert session.state.index == 2


def test_that_the_report_is_the_same_with_them(tmp_path: Path) -> None:
    """They are not ours to report: the list in the window says so."""
    write_study(tmp_path)
    found = scan([tmp_path])
    session, _ = opened(found)
    series = found.all_series()[0]
    volume = load_series(series)
    session.set_volume(series.key, volume)
    session.scroll(2)
    session.add_key_image()
    (without,) = figures(session.state, {series.key: volume})
    session.add_overlays(read_overlays(request(found)))
    (with_them,) = figures(session.state, {series.key: volume})
    np.testing.assert_array_equal(with_them.rgb, without.rgb)
    assert (with_them.caption, with_them.legend) == (without.caption, ())
