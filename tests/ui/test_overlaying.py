"""A click on a segmentation or structure set lays it over its images; the list shows, hides and removes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from medviewer.dicom.scan import scan
from medviewer.imaging.reslice import Plane
from medviewer.ui.annotations import overlay_caption
from medviewer.ui.dialogs.tags import Tags
from medviewer.ui.foreign import ends_of, foreign_of, free_letters
from medviewer.ui.main_window import MainWindow
from tests.dicom.foreign_makers import Drawn, contour, write_seg_frames, write_structures
from tests.factories import make_ct_series
from tests.review.test_overlays import INSIDE, write_study
from tests.ui.windows import PATIENCE, Model, make_window, open_and_wait, rows, write_series


def lay_over(window: MainWindow, qtbot: QtBot, row: int = 0) -> None:
    with qtbot.waitSignal(window.overlaying.message, timeout=PATIENCE):
        qtbot.mouseClick(rows(window)[row], Qt.MouseButton.LeftButton)


def structures(folder: Path) -> Path:
    """A series with a square on its second image."""
    make_ct_series(folder / "ct", slices=4)
    (series,) = scan([folder]).all_series()
    assert series.geometry is not None
    square = series.geometry.position([[1, 2, 2], [1, 2, 8], [1, 9, 8], [1, 9, 2]])
    write_structures(folder / "rt.dcm", [("GTV", [contour(square)]), ("PTV", [])], series)
    return folder


def test_that_a_click_lays_a_segmentation_over_its_images(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    open_and_wait(qtbot, window, write_study(tmp_path))
    lay_over(window, qtbot)
    main = window.planes.main
    assert window.session.state.index == main.index == 2
    assert main.picture is not None
    (layer,) = main.picture.layers(2)
    np.testing.assert_array_equal(layer.inside, INSIDE)
    assert main.picture.touched().tolist() == [False, False, True, False, False]
    legend = [(e.colour != "", e.letter, e.name) for e in main._front.notes.legend]
    assert legend == [(False, "", "From file: 900 · Drawn, manual"), (True, "L", "Liver")]
    assert overlay_caption(main._front.notes) == "Overlay from file · hold Space to hide"
    assert window.results.foreign.isVisible()
    assert not window.findChildren(Tags)


def test_that_side_planes_show_the_segmentation_too(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    open_and_wait(qtbot, window, write_study(tmp_path))
    lay_over(window, qtbot)
    for side in window.planes.sides:
        picture = side.picture
        assert picture is not None
        marks = picture.touched()
        assert marks.sum() == 5
        for index in range(picture.view.count):
            expected = bool(picture.layers(index))
            assert expected == marks[index]


def test_that_contours_are_drawn_on_the_stored_images_only(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    open_and_wait(qtbot, window, structures(tmp_path))
    lay_over(window, qtbot)
    picture = window.planes.main.picture
    assert picture is not None
    foreign = picture.foreign
    assert window.session.state.series is not None
    (index,) = foreign.layers[0].overlay.lines
    assert window.planes.main.index == index
    (stroke,) = foreign.strokes(picture.view, index)
    corners = [[2.5, 2.5], [8.5, 2.5], [8.5, 9.5], [2.5, 9.5]]
    np.testing.assert_allclose(
        stroke.ends, [[a, b] for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
    )
    assert stroke.letter == "G"
    assert picture.touched().tolist() == [k == index for k in range(4)]
    for side in window.planes.sides:
        assert side.picture is not None
        assert side.plane is not Plane.NATIVE
        assert all(not side.picture.foreign.strokes(side.picture.view, k) for k in range(side.count))
        assert not side.picture.touched().any()


def test_that_the_list_hides_shows_and_removes(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    open_and_wait(qtbot, window, write_study(tmp_path))
    lay_over(window, qtbot)
    picture = lambda: window.planes.main.picture  # noqa: E731
    (card,) = window.results.foreign.cards
    assert card.list.topLevelItem(0).text(0) == "L  Liver"
    card.list.itemClicked.emit(card.list.topLevelItem(0), 1)
    assert picture().layers(2) == []
    assert not picture().touched().any()
    assert card.all_button.text() == "Show all"
    qtbot.mouseClick(card.all_button, Qt.MouseButton.LeftButton)
    assert len(picture().layers(2)) == 1
    window.session.scroll(0)
    card.list.itemClicked.emit(card.list.topLevelItem(0), 0)
    assert window.session.state.index == 2
    card.remove_wanted.emit(card.key)
    assert picture().layers(2) == []
    assert not window.results.foreign.isVisible()
    assert window.session.undo_name == ""


def test_that_space_hides_them_too(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    open_and_wait(qtbot, window, write_study(tmp_path))
    lay_over(window, qtbot)
    main = window.planes.main

    def drawn() -> bool:
        return any(item.isVisible() for item in main._canvas._outlines)

    assert drawn()
    QTest.keyPress(window, Qt.Key.Key_Space)
    assert not drawn()
    assert overlay_caption(main._front.notes) == "Overlay from file hidden"
    QTest.keyRelease(window, Qt.Key.Key_Space)
    assert drawn()


def test_that_the_series_of_the_overlay_comes_on_screen(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    write_study(tmp_path)
    write_series(tmp_path / "large", seeds=(5,), slices=12)
    open_and_wait(qtbot, window, tmp_path)
    other = window.session.state.series
    assert other is not None
    assert len(other.instances) == 12
    lay_over(window, qtbot)
    assert window.session.state.series is not None
    assert len(window.session.state.series.instances) == 5
    assert window.session.state.index == 2
    window.opening.show(other.key)
    assert not window.results.foreign.isVisible()
    qtbot.waitUntil(lambda: window.planes.main.picture is not None, timeout=PATIENCE)
    assert window.planes.main.picture is not None
    assert window.planes.main.picture.foreign.layers == ()
    qtbot.mouseClick(rows(window)[0], Qt.MouseButton.LeftButton)  # known already: no reading, only there
    assert len(window.session.state.series.instances) == 5


def test_that_another_patient_is_refused_in_one_sentence(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    open_and_wait(qtbot, window, write_study(tmp_path, PatientID="T2"))
    with qtbot.waitSignal(window.overlaying.problem, timeout=PATIENCE):
        qtbot.mouseClick(rows(window)[0], Qt.MouseButton.LeftButton)
    assert (
        window.notices.text == "The images this object names are open under another patient: it is not shown."
    )
    assert window.session.state.overlay_files == ()


def test_that_a_reader_who_went_on_is_not_pulled_back(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    write_study(tmp_path)
    write_series(tmp_path / "large", seeds=(5,), slices=12)
    open_and_wait(qtbot, window, tmp_path)
    large, small = sorted(window.session.state.scan.all_series(), key=lambda s: -len(s.instances))  # type: ignore[union-attr]
    window.opening.show(small.key)
    window.session.scroll(0)
    with qtbot.waitSignal(window.overlaying.message, timeout=PATIENCE):
        window.overlaying.open(window.session.state.scan.objects[0])  # type: ignore[union-attr]
        window.opening.show(large.key)
    assert window.session.state.series is not None
    assert window.session.state.series.key == large.key
    assert len(window.session.state.overlay_files) == 1


def test_that_closing_everything_while_it_is_read_leaves_nothing(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    open_and_wait(qtbot, window, write_study(tmp_path))
    window.overlaying.open(window.session.state.scan.objects[0])  # type: ignore[union-attr]
    window.actions_by_id["close_all"].trigger()
    qtbot.waitUntil(lambda: not window.runner.busy("inspect"), timeout=PATIENCE)
    assert window.session.state.overlay_files == ()
    assert window.notices.text == ""


def test_that_tags_are_in_the_menu_of_the_row(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    open_and_wait(qtbot, window, write_study(tmp_path))
    (row,) = rows(window)
    menu = row.menu()
    assert [action.text() for action in menu.actions()] == ["Tags…"]
    with qtbot.waitSignal(row.tags_wanted) as asked:
        menu.actions()[0].trigger()
    assert asked.args == [row.path]
    menu.close()
    dialog = window.findChild(Tags)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.model.rowCount() > 0, timeout=PATIENCE)
    dialog.reject()


def test_that_results_and_files_stay_apart(qtbot: QtBot, tmp_path: Path) -> None:
    model = Model()
    model.gate.set()
    window = make_window(model)
    window.show()
    qtbot.waitExposed(window)
    try:
        open_and_wait(qtbot, window, write_study(tmp_path))
        lay_over(window, qtbot)
        with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
            window.commands.analyze_with()
        notes = window.planes.main._front.notes
        assert [e.letter for e in notes.legend] == ["R", "L", "", "I"]  # Liver: L is the left lung's
        assert overlay_caption(notes) == "AI overlay, overlay from file · hold Space to hide"
        assert [f.label for f in window.session.state.findings] == ["Right lung", "Left lung"]
        assert window.planes.main.picture is not None
        assert len(window.planes.main.picture.masks) == 2
        assert len(foreign_of(window.session.state).layers) == 1
    finally:
        window.dispose()


def test_that_hundreds_of_segments_are_one_list(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=5)
    (series,) = scan([tmp_path]).all_series()
    frames = []
    for n in range(300):
        values = np.zeros((16, 12), bool)
        values[n % 16, n % 12] = True
        position = series.instances[n % 5].position
        assert position is not None
        frames.append(Drawn(values, position, segment=n + 1))
    write_seg_frames(tmp_path / "seg.dcm", frames, labels=[f"Part {n}" for n in range(300)])
    open_and_wait(qtbot, window, tmp_path)
    lay_over(window, qtbot)
    (card,) = window.results.foreign.cards
    assert card.list.topLevelItemCount() == 300
    assert card.list.topLevelItem(299).text(0) == "300  Part 299"
    assert window.planes.main._front.notes.legend[-1].name == "and 292 more in the list"
    assert len(window.planes.main.picture.layers(0)) == 60  # type: ignore[union-attr]


def test_that_letters_are_free_and_then_numbers() -> None:
    assert free_letters(["Liver", "Lung", "", "4"], ["L"]) == ["I", "U", "", "A"]
    many = free_letters(["x"] * 28, ())
    assert many[:3] == ["X", "A", "B"]
    assert many[26:] == ["27", "28"]


def test_that_a_point_is_a_cross_and_an_open_line_stays_open() -> None:
    from medviewer.dicom.objects.contour_placing import Line

    points = np.array([[1, 1], [4, 1], [4, 5]], np.float32)
    assert len(ends_of(Line(points, True))) == 3
    assert len(ends_of(Line(points, False))) == 2
    cross = ends_of(Line(points[:1], False))
    np.testing.assert_allclose(cross.mean(axis=(0, 1)), (1, 1))
