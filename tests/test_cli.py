"""The command line as a script meets it: how it speaks, how it ends."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import medviewer.ui
from medviewer import __version__
from medviewer.cli import COMMANDS
from medviewer.commands.console import Console, printable
from tests.program import call, shell


def test_that_progress_in_a_pipe_is_plain_lines_and_quiet_is_silent(
    series: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("scan", series) == 0
    spoken = capsys.readouterr().err
    assert "100 %  10 images found" in spoken
    assert "\r" not in spoken
    for words in (("scan", "--quiet", series), ("--quiet", "scan", series), ("scan", series, "-q")):
        assert call(*words) == 0
        assert capsys.readouterr().err == ""


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_that_a_terminal_gets_a_bar_that_goes_away_before_words() -> None:
    err, out = _Terminal(), io.StringIO()
    console = Console(out=out, err=err)
    console.context.report(0.5, "Half")
    assert err.getvalue().endswith("[############............]  50 %  Half")
    console.result("done")
    assert err.getvalue().endswith("\r\x1b[K")
    assert out.getvalue() == "done\n"


def test_that_text_for_a_terminal_cannot_steer_it() -> None:
    assert printable("a\x1b[2Jb\ud800\u202e") == "a?[2Jb??"
    assert printable("2,643\u2009mL \u2212 肺") == "2,643\u2009mL \u2212 肺"


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--version") == 0
    assert capsys.readouterr().out == f"MedViewer {__version__}\n"
    for words in (["--help"], *([name, "--help"] for name in COMMANDS)):
        assert call(*words) == 0
        assert "usage: medviewer" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["scan"], "error: The following arguments are required: PATH. See medviewer scan --help."),
        (["render", "x"], "error: The following arguments are required: -o. See medviewer render --help."),
        (["analyze", "x", "-o", "y", "--device", "tpu"], "error: Argument --device: invalid choice: 'tpu'"),
        (["--nonsense"], "error: Unrecognized arguments: --nonsense. See medviewer --help."),
        (["analyse", "x"], "error: There is no command 'analyse'. Did you mean 'analyze'?"),
        (
            ["models", "show", "lung-cd"],
            "error: There is no model 'lung-cd'. The nearest known one is 'lung-ct'",
        ),
    ],
)
def test_that_a_request_without_sense_is_status_2(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*words) == 2
    assert capsys.readouterr().err.startswith(sentence)


def test_that_a_pipe_that_is_closed_ends_it_quietly(series: Path) -> None:
    process = shell(["scan", "-q", "--json", series], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process:
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk to hand")
def test_that_a_full_disk_behind_stdout_is_status_7(series: Path) -> None:
    with open("/dev/full", "w") as full:
        process = shell(["scan", "-q", series], stdout=full)
        with process:
            assert process.stderr is not None
            assert process.stderr.read().startswith("error: The disk is full")
    assert process.returncode == 7


def test_that_paths_without_a_command_open_the_window(series: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[list[Path]] = []

    def run(paths: list[Path]) -> int:
        opened.append(paths)
        return 0

    monkeypatch.setattr(medviewer.ui, "app", SimpleNamespace(run=run), raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert call(series) == 0
    assert call() == 0
    assert opened == [[series], []]


def test_that_a_path_that_is_not_there_opens_no_window(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tmp_path / "nowhere") == 3
    assert capsys.readouterr().err == "error: There is no such file or folder. Check the path.\n"


_SCREEN = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a screen")
def test_that_no_screen_is_one_sentence_and_status_2(series: Path) -> None:
    blind = {name: value for name, value in os.environ.items() if name not in _SCREEN}
    with shell([series], env=blind) as process:
        assert process.stderr is not None
        assert process.stderr.read() == (
            "error: There is no screen to open the window on. Start it from a desktop session; "
            "medviewer analyze and medviewer render need no screen.\n"
        )
    assert process.returncode == 2


def test_that_a_snapshot_needs_no_screen(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str | None] = []

    def snapshot(_paths: list[Path], _output: Path) -> None:
        taken.append(os.environ.get("QT_QPA_PLATFORM"))

    monkeypatch.setattr(medviewer.ui, "app", SimpleNamespace(snapshot=snapshot), raising=False)
    for name in _SCREEN:
        # Set first, so that what the program sets is undone afterwards.
        monkeypatch.setenv(name, "")
    assert call(series, "--snapshot", tmp_path / "window.png") == 0
    assert taken == ["offscreen"]
