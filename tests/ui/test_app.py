"""Starting: torch waits for the window, a crash is one sentence, a picture needs no screen."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from medviewer.errors import NothingReadable, WriteError
from medviewer.review.settings import Settings
from medviewer.ui import app, crash, preload
from medviewer.ui.widgets import ElidedLabel, label, set_tip
from tests.ui.windows import PATIENCE, Model, make_window, write_series

MARKUP = "<img src=x>Doe^<b>John</b>"


def test_that_the_window_is_made_without_torch() -> None:
    code = "import sys, medviewer.ui.app; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert done.stdout.strip() == str(sys.platform == "win32")


def test_that_the_window_is_made_without_what_only_its_dialogs_and_files_need() -> None:
    late = {
        *("reportlab", "pypdfium2", "highdicom", "SimpleITK"),
        *("medviewer.dicom.objects", "medviewer.dicom.presentation_state", "medviewer.review.report_pdf"),
        *("medviewer.ui.dialogs.tags", "medviewer.ui.dialogs.models", "medviewer.ui.waveform_plot"),
    }
    code = f"import sys, medviewer.ui.main_window; print(sorted({late!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the way of Linux's loader")
def test_that_torchs_libraries_are_found_without_importing_it() -> None:
    found = preload.libraries()
    assert [path.name for path in found][:2] == ["libc10.so", "libtorch_cpu.so"]
    assert all(path.is_file() for path in found)


def test_that_the_collector_works_again_after_the_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(preload, "load_libraries", lambda: None)
    with preload.torch_ready():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.unfreeze()


def test_that_the_device_is_named_once_the_first_picture_is_there(qtbot: QtBot, tmp_path: Path) -> None:
    model = Model()
    window = make_window(model)
    app.Preparing(window, model.engine())
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.open_paths([write_series(tmp_path)])
    qtbot.waitUntil(lambda: window.status.device == "GPU: none, CPU, 2 threads", timeout=PATIENCE)
    window.dispose()


def test_that_a_window_closed_at_that_moment_asks_for_no_more_work(qtbot: QtBot) -> None:
    model = Model()
    window = make_window(model)
    preparing = app.Preparing(window, model.engine())
    window.close()
    preparing._timer.stop()
    preparing._timer.timeout.emit()
    assert not window.runner.busy("prepare")
    assert not preparing._timer.isActive()
    window.dispose()


def test_that_a_crash_is_told_without_what_it_was_about(
    qtbot: QtBot, expected_log: object, caplog: pytest.LogCaptureFixture
) -> None:
    expected_log("bug: ValueError")  # type: ignore[operator]
    window = make_window()
    hook = app._Hook(window)
    try:
        raise ValueError("Doe^Jane")
    except ValueError as error:
        hook(type(error), error, error.__traceback__)
    assert "ValueError in test_app.py" in window.notices._text.text()
    assert "Doe" not in window.notices._text.text() + caplog.text
    window.dispose()


def test_that_ctrl_c_closes_the_window(qtbot: QtBot) -> None:
    window = make_window()
    window.show()
    app._Hook(window)(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not window.isVisible()
    window.dispose()


def test_that_an_error_without_a_trace_has_a_name() -> None:
    assert crash.where(ValueError("secret")) == "ValueError"


def test_that_broken_settings_are_told_and_the_defaults_used(own_home: Path) -> None:
    file = own_home / "config" / "settings.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"devise": "cpu"}', encoding="utf-8")
    settings, problem = app.read_settings()
    assert settings == Settings()
    assert "'device'" in problem


def test_that_a_picture_of_the_window_is_made(qtbot: QtBot, tmp_path: Path) -> None:
    write_series(tmp_path / "study")
    made = app.snapshot([tmp_path / "study"], tmp_path / "window.png", analyze=False)
    picture = QImage(str(made))
    assert (picture.width(), picture.height()) == (1600, 960)


def test_that_a_picture_of_nothing_is_refused(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingReadable):
        app.snapshot([tmp_path / "empty"], tmp_path / "window.png")


def test_that_a_picture_that_cannot_be_written_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    write_series(tmp_path / "study")
    with pytest.raises(WriteError):
        app.snapshot([tmp_path / "study"], tmp_path / "no" / "folder.png", analyze=False)


def test_that_a_name_is_never_markup(qtbot: QtBot) -> None:
    plain, elided = label(MARKUP), ElidedLabel(MARKUP)
    for made in (plain, elided):
        qtbot.addWidget(made)
        assert made.textFormat() is Qt.TextFormat.PlainText
    assert plain.sizeHint().width() > plain.fontMetrics().horizontalAdvance("Doe John") * 2
    tipped = QLabel()
    qtbot.addWidget(tipped)
    set_tip(tipped, MARKUP)
    assert tipped.toolTip() == "<span>&lt;img src=x&gt;Doe^&lt;b&gt;John&lt;/b&gt;</span>"


def test_that_a_long_text_gives_way_in_the_middle_and_is_whole_in_the_tooltip(qtbot: QtBot) -> None:
    made = ElidedLabel("a very long description of a series that has no room here")
    qtbot.addWidget(made)
    made.resize(80, 20)
    made.show()
    qtbot.waitExposed(made)
    assert "…" in made._shown()
    assert "a very long description" in made.toolTip()
    made.resize(2000, 20)
    qtbot.waitUntil(lambda: made.toolTip() == "")
