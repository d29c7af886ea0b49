"""The reader's work is kept while it is done and offered back; without a keyring the reader is asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from medviewer.imaging.reslice import Plane
from medviewer.review import keys
from medviewer.review.settings import Settings, load_settings
from medviewer.review.state import ReaderMeasurement, Verdict
from medviewer.review.work_store import WorkStore, default_folder
from medviewer.ui.autosaving import Autosaving
from medviewer.ui.dialogs.passphrase import Passphrase
from medviewer.ui.main_window import MainWindow
from tests.review.kept import Ring
from tests.ui.viewports import drag
from tests.ui.windows import PATIENCE, Model, make_window, open_and_wait, write_series


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    made = Ring()
    monkeypatch.setattr(keys, "system_keyring", lambda: made)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_series(tmp_path / "in")


@contextmanager
def opened(
    qtbot: QtBot, folder: Path, settings: Settings | None = None, model: Model | None = None
) -> Iterator[tuple[MainWindow, Autosaving]]:
    window = make_window(model, settings)
    keeping = Autosaving(window)
    window.show()
    qtbot.waitExposed(window)
    open_and_wait(qtbot, window, folder)
    yield window, keeping
    window.dispose()


def work(window: MainWindow, text: str = "Kept words.") -> None:
    series = window.session.state.series
    assert series is not None
    window.session.set_impression(text)
    points = ((2.0, 1.5, 2.5), (2.0, 9.0, 2.5))
    window.session.add_measurement(
        ReaderMeasurement("", "length", series.key, Plane.NATIVE, 2, points, "6.0 mm")
    )
    window.session.toggle_key_image()


def kept_files() -> list[Path]:
    return sorted(default_folder().glob("*.work"))


def wait_offer(qtbot: QtBot, keeping: Autosaving, words: str) -> None:
    qtbot.waitUntil(lambda: words in keeping.bar.text, timeout=PATIENCE)


def test_that_work_of_the_last_run_is_offered_and_restored(qtbot: QtBot, folder: Path, ring: Ring) -> None:
    with opened(qtbot, folder) as (window, keeping):
        assert keeping.bar.text == ""
        work(window)
    assert len(kept_files()) == 1
    with opened(qtbot, folder) as (window, keeping):
        wait_offer(qtbot, keeping, "Restore work of 2")
        assert window.session.state.impression == ""
        keeping.bar.yes_button.click()
        state = window.session.state
        assert (state.impression, len(state.measurements), len(state.key_images)) == ("Kept words.", 1, 1)
        assert window.notices.text == "Your work is restored."
        assert keeping.bar.text == ""
        window.session.set_impression("More words.")
    with opened(qtbot, folder) as (window, keeping):
        wait_offer(qtbot, keeping, "Restore")
        keeping.bar.yes_button.click()
        assert window.session.state.impression == "More words."
        assert len(window.session.state.measurements) == 1


def test_that_it_is_written_while_the_window_is_open(qtbot: QtBot, folder: Path, ring: Ring) -> None:
    with opened(qtbot, folder) as (window, _):
        work(window)
        qtbot.waitUntil(lambda: len(kept_files()) == 1, timeout=PATIENCE)


def test_that_discarded_work_is_gone(qtbot: QtBot, folder: Path, ring: Ring) -> None:
    with opened(qtbot, folder) as (window, _):
        work(window)
    with opened(qtbot, folder) as (window, keeping):
        wait_offer(qtbot, keeping, "Restore")
        keeping.bar.no_button.click()
        assert kept_files() == []
        assert window.session.state.impression == ""


def test_that_an_offer_without_answer_is_not_written_over(qtbot: QtBot, folder: Path, ring: Ring) -> None:
    with opened(qtbot, folder) as (window, _):
        work(window)
    before = kept_files()[0].read_bytes()
    with opened(qtbot, folder) as (window, keeping):
        wait_offer(qtbot, keeping, "Restore")
        window.session.set_impression("Something else.")
    assert [path.read_bytes() for path in kept_files()] == [before]


def test_that_closing_all_and_opening_again_offers_it(qtbot: QtBot, folder: Path, ring: Ring) -> None:
    with opened(qtbot, folder) as (window, keeping):
        work(window)
        window.commands.table()["close_all"]()
        open_and_wait(qtbot, window, folder)
        wait_offer(qtbot, keeping, "Restore")


def test_that_a_tampered_file_is_refused_in_a_sentence(qtbot: QtBot, folder: Path, ring: Ring) -> None:
    with opened(qtbot, folder) as (window, _):
        work(window)
    (path,) = kept_files()
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with opened(qtbot, folder) as (window, keeping):
        wait_offer(qtbot, keeping, "The kept work was refused: it was changed")
        assert window.session.state.impression == ""


def test_that_decisions_come_back_with_the_analysis(qtbot: QtBot, folder: Path, ring: Ring) -> None:
    model = Model()
    model.gate.set()
    with opened(qtbot, folder, model=model) as (window, _):
        with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
            window.commands.analyze_with()
        window.session.accept(window.session.state.findings[1].id)
    with opened(qtbot, folder, model=model) as (window, keeping):
        wait_offer(qtbot, keeping, "Restore")
        keeping.bar.yes_button.click()
        assert "1 decision waits for the analysis" in window.notices.text
        with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
            window.commands.analyze_with()
        verdicts = [window.session.state.decision_of(f.id).verdict for f in window.session.state.findings]
        assert verdicts == [Verdict.PENDING, Verdict.ACCEPTED]


def test_that_a_window_that_does_not_close_goes_on_keeping(qtbot: QtBot, folder: Path, ring: Ring) -> None:
    """It refuses while an outline is being edited; what is done afterwards is kept."""
    model = Model()
    model.gate.set()
    with opened(qtbot, folder, model=model) as (window, _):
        with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
            window.commands.analyze_with()
        finding = window.session.state.findings[0].id
        window.editing.begin(finding)
        drag(window.planes.main, window.planes.main.camera.to_screen(9.5, 9.5))
        assert not window.close()
        window.editing.done()
        assert window.session.state.decision_of(finding).verdict is Verdict.MODIFIED
        qtbot.waitUntil(lambda: len(kept_files()) == 1, timeout=PATIENCE)
    with opened(qtbot, folder, model=model) as (window, keeping):
        wait_offer(qtbot, keeping, "Restore")
        keeping.bar.yes_button.click()
        assert "1 decision waits for the analysis" in window.notices.text


def test_that_nothing_is_asked_before_there_is_work(qtbot: QtBot, folder: Path, no_keyring: None) -> None:
    with opened(qtbot, folder) as (window, keeping):
        assert keeping.bar.text == ""
        work(window)
        wait_offer(qtbot, keeping, "no keyring")
        keeping.bar.no_button.click()
        window.session.set_impression("More.")
    assert kept_files() == []


def test_that_a_passphrase_keeps_and_unlocks_it(qtbot: QtBot, folder: Path, no_keyring: None) -> None:
    with opened(qtbot, folder) as (window, keeping):
        work(window)
        wait_offer(qtbot, keeping, "no keyring")
        keeping.bar.yes_button.click()
        dialog = window.findChild(Passphrase)
        assert dialog is not None
        assert dialog.again is not None
        dialog.field.setText("short")
        dialog.keep_button.click()
        assert dialog.said.text() == "At least 8 characters."
        dialog.field.setText("correct horse")
        dialog.again.setText("correct house")
        dialog.keep_button.click()
        assert dialog.said.text() == "The two are not the same."
        dialog.again.setText("correct horse")
        dialog.keep_button.click()
        qtbot.waitUntil(lambda: len(kept_files()) == 1, timeout=PATIENCE)
    for word in ("correct house", "correct horse"):
        with opened(qtbot, folder) as (window, keeping):
            wait_offer(qtbot, keeping, "kept under a passphrase")
            keeping.bar.yes_button.click()
            dialog = window.findChild(Passphrase)
            assert dialog is not None
            dialog.field.setText(word)
            dialog.keep_button.click()
            if word == "correct house":
                wait_offer(qtbot, keeping, "refused")
                continue
            wait_offer(qtbot, keeping, "Restore")
            keeping.bar.yes_button.click()
            assert window.session.state.impression == "Kept words."


def test_that_the_switch_ends_it_and_is_kept(qtbot: QtBot, folder: Path, ring: Ring) -> None:
    with opened(qtbot, folder) as (window, _):
        assert window.actions_by_id["autosave"].isChecked()
        window.actions_by_id["autosave"].trigger()
        work(window)
    assert kept_files() == []
    assert ring.kept == {}
    assert not load_settings().autosave


def test_that_work_taken_back_is_kept_no_more(qtbot: QtBot, folder: Path, ring: Ring) -> None:
    with opened(qtbot, folder) as (window, keeping):
        window.session.set_impression("Words.")
        qtbot.waitUntil(lambda: len(kept_files()) == 1, timeout=PATIENCE)
        qtbot.waitUntil(lambda: bool(keeping.keeping._kept), timeout=PATIENCE)
        window.session.undo()
    assert kept_files() == []


def test_that_a_disk_that_refuses_is_said_once(
    qtbot: QtBot, folder: Path, ring: Ring, own_home: Path
) -> None:
    with opened(qtbot, folder) as (window, _):
        shutil.rmtree(own_home / "state" / "work")
        (own_home / "state" / "work").touch()
        work(window)
        qtbot.waitUntil(lambda: "could not be kept" in window.notices.text, timeout=PATIENCE)


def test_that_the_store_is_swept_at_the_start(qtbot: QtBot, folder: Path, ring: Ring) -> None:
    with opened(qtbot, folder) as (window, _):
        work(window)
    store = WorkStore(default_folder(), lambda: 4e9)
    store.sweep()
    assert kept_files() == []


def test_that_of_two_windows_the_first_keeps_the_work(qtbot: QtBot, folder: Path, ring: Ring) -> None:
    with opened(qtbot, folder) as (first, _):
        work(first, "The first window's words.")
        qtbot.waitUntil(lambda: len(kept_files()) == 1, timeout=PATIENCE)
        before = kept_files()[0].read_bytes()
        with opened(qtbot, folder) as (second, keeping):
            assert second.notices.text.startswith("This study is open in another window")
            work(second, "The second window's words.")
            assert keeping.bar.text == ""
        assert [path.read_bytes() for path in kept_files()] == [before]
    with opened(qtbot, folder) as (window, keeping):
        wait_offer(qtbot, keeping, "Restore")
        keeping.bar.yes_button.click()
        assert window.session.state.impression == "The first window's words."


@pytest.mark.parametrize("how", ["window", "study"])
def test_that_the_second_window_keeps_it_once_the_first_is_closed(
    qtbot: QtBot, folder: Path, ring: Ring, how: str
) -> None:
    with opened(qtbot, folder) as (first, _):
        with opened(qtbot, folder) as (second, _):
            second.notices.hide()
            if how == "window":
                first.close()
            else:
                first.commands.table()["close_all"]()
                qtbot.waitUntil(lambda: not first.runner.busy("keep"), timeout=PATIENCE)
            work(second, "The second window's words.")
            assert second.notices.text == ""
        assert len(kept_files()) == 1
    assert sorted(default_folder().iterdir()) == kept_files()
