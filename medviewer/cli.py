"""The command line: ``medviewer [PATH…]`` opens the window; the commands run without it.

Progress and messages go to stderr, results to stdout or ``-o``. The exit status says how it ended (README).
Nothing heavy is imported here: a command's modules load when the command runs.
"""

from __future__ import annotations

import argparse
import difflib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import NoReturn

from medviewer import __version__, logs, scratch
from medviewer.commands.console import Console, abandon
from medviewer.errors import Cancelled, DeviceError, MedviewerError, NothingReadable, UsageError

_WINDOW_HELP = "width/centre, a preset's name, dicom:N (the image's own Nth window or VOI LUT), or auto"
_UID_HELP = "series UID as scan prints it; default: the largest series"


class _Parser(argparse.ArgumentParser):
    """Usage errors are errors like any other: one sentence, one remedy, status 2."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", f"See {self.prog} --help.")


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _add_scan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=_path, metavar="PATH")
    parser.add_argument("--json", action="store_true", help="for programs: schema medviewer.scan/1")


def _add_render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=_path, metavar="PATH")
    parser.add_argument("--series", metavar="UID", help=_UID_HELP)
    parser.add_argument("--index", type=int, metavar="N", help="image, from 0; default: the middle one")
    planes = ("native", "axial", "coronal", "sagittal")
    parser.add_argument("--plane", choices=planes, default="native")
    parser.add_argument("--window", metavar="W/C|PRESET|dicom:N|auto", help=_WINDOW_HELP)
    parser.add_argument(
        "--colours", metavar="MAP", help="grey, viridis, inferno, hot-iron, pet, hot-metal-blue"
    )
    parser.add_argument("--overlay", type=_path, metavar="SEG", help="a DICOM segmentation of this series")
    parser.add_argument("--annotate", action="store_true", help="with corner text, letters and ruler")
    parser.add_argument("-o", dest="output", type=_path, required=True, metavar="OUT.png")


def _add_analyze(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=_path, metavar="PATH")
    parser.add_argument("--series", metavar="UID", help="series UID; default: the one that suits best")
    parser.add_argument("--model", metavar="ID", help="default: the one that suits")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--force", action="store_true", help="run although the images do not suit the model")
    parser.add_argument("-o", dest="output", type=_path, required=True, metavar="DIR")


def _add_models(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(
        dest="action", required=True, metavar="list|show ID|check [ID]|install FILE|remove ID"
    )
    common = _common()
    actions.add_parser("list", parents=[common], help="what is installed")
    actions.add_parser("show", parents=[common], help="a model's card").add_argument("id", metavar="ID")
    check = actions.add_parser("check", parents=[common], help="verify hashes and run each self-test")
    check.add_argument("id", nargs="?", metavar="ID")
    install = actions.add_parser("install", parents=[common], help="a model from a file, folder or zip file")
    install.add_argument("file", type=_path, metavar="FILE")
    install.add_argument("--accept-licence", action="store_true", help="the licence it prints was read")
    remove = actions.add_parser("remove", parents=[common], help="take an installed model off the shelf")
    remove.add_argument("id", metavar="ID")


def _add_audit(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="verify")
    check = actions.add_parser("verify", parents=[_common()], help="whether every entry is as it was written")
    check.add_argument("file", nargs="?", type=_path, metavar="FILE", help="default: the program's own")
    check.add_argument("--head", metavar="HASH", help="a last entry's hash that was noted elsewhere")


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=_path, metavar="PATH")
    parser.add_argument("--to", choices=("png", "sc", "pdf", "deidentified"), required=True)
    parser.add_argument(
        "--series", metavar="UID", help="only this one; but for deidentified: else the largest"
    )
    index = "sc, pdf: an image to be shown, from 0; may be repeated; default: the middle one"
    parser.add_argument("--index", type=int, action="append", metavar="N", help=index)
    kept = ("dates", "descriptors", "graphics", "structured", "private")
    parser.add_argument(
        "--keep", action="append", choices=kept, help="deidentified: keep this, cleaned; may be repeated"
    )
    parser.add_argument("--blank", action="append", metavar="x,y,w,h", help="empty this part of all pictures")
    words = ("refuse", "none", "leave-out")
    help_text = "pictures that may show words: none, somebody looked; leave-out, they stay"
    parser.add_argument("--burned-in", choices=words, default="refuse", help=help_text)
    parser.add_argument("--preview", action="store_true", help="say what would leave, write nothing")
    parser.add_argument("-o", dest="output", type=_path, metavar="DIR", help="a new or empty folder")


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", dest="output", type=_path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another chest for every number")


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "scan": ("list patients, studies, series, issues, unreadable files", _add_scan),
    "render": ("one image as the window shows it, as PNG", _add_render),
    "analyze": ("run the model that fits; result, report, DICOM objects", _add_analyze),
    "models": ("the model shelf", _add_models),
    "audit": ("the record of what was opened, analyzed, decided, exported", _add_audit),
    "export": ("pictures, a report, or de-identified files, without AI", _add_export),
    "demo": ("write the synthetic sample study", _add_demo),
}
"""Name → (help, its arguments). The module medviewer.commands.<name> does it."""


def _common() -> _Parser:
    """Options every command takes."""
    parser = _Parser(add_help=False)
    parser.add_argument("-q", "--quiet", action="store_true", default=argparse.SUPPRESS, help="no progress")
    return parser


def _command_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="medviewer")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (text, add) in COMMANDS.items():
        add(commands.add_parser(name, help=text, description=f"{text}.", parents=[_common()]))
    return parser


def _window_parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:9}{text}" for name, (text, _) in COMMANDS.items())
    parser = _Parser(
        prog="medviewer",
        description="Open the window on DICOM files, folders, zip files or DICOMDIRs.",
        epilog=f"commands (medviewer COMMAND --help):\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_common()],
    )
    parser.add_argument("paths", nargs="*", type=_path, metavar="PATH")
    parser.add_argument("--version", action="version", version=f"MedViewer {__version__}")
    parser.add_argument("--snapshot", type=_path, metavar="OUT.png", help=argparse.SUPPRESS)
    return parser


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """A command where the first word that is no option names one, else the window."""
    first = next((word for word in arguments if not word.startswith("-")), "")
    if first in COMMANDS:
        ordered = [first, *arguments[: arguments.index(first)], *arguments[arguments.index(first) + 1 :]]
        return _command_parser().parse_args(ordered)
    parsed = _window_parser().parse_args(arguments)
    parsed.command = None
    return parsed


def _check_screen(snapshot: bool) -> None:
    """Qt ends the process where it finds no screen; here that is a sentence. A snapshot needs none."""
    if os.environ.get("QT_QPA_PLATFORM"):
        return
    if snapshot:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    elif sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    ):
        raise UsageError(
            "There is no screen to open the window on.",
            "Start it from a desktop session; medviewer analyze and medviewer render need no screen.",
        )


def _open_window(arguments: argparse.Namespace) -> int:
    """Start Qt. A path that isn't there, or a mistyped command, is told before a window opens."""
    missing = [path for path in arguments.paths if not path.exists()]
    if missing and len(missing) == len(arguments.paths):
        near = difflib.get_close_matches(str(missing[0]), COMMANDS, n=1)
        if near:
            raise UsageError(f"There is no command {str(missing[0])!r}.", f"Did you mean {near[0]!r}?")
        raise NothingReadable("There is no such file or folder.", "Check the path.")
    _check_screen(arguments.snapshot is not None)
    from medviewer.ui import app

    if arguments.snapshot is not None:
        app.snapshot(arguments.paths, arguments.snapshot)
        return 0
    return app.run(arguments.paths)


@contextmanager
def _interruptible(console: Console) -> Iterator[None]:
    """Ctrl-C asks the work to stop, as Cancel does in the window; a second one insists."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        if console.context.cancelled:
            raise KeyboardInterrupt
        console.context.cancel()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _run(arguments: argparse.Namespace, console: Console) -> int:
    if arguments.command is None:
        return _open_window(arguments)
    with _interruptible(console):
        import_module(f"medviewer.commands.{arguments.command}").run(arguments, console)
        console.context.check()
    return 0


@contextmanager
def _as_program() -> Iterator[None]:
    """What the process is told once, and a test that calls :func:`main` is not: no memory image of a crash,
    nothing left by a killed run, words without patients."""
    scratch.no_core_dumps()
    scratch.sweep()
    sys.excepthook = logs.told_hook
    with logs.kept():
        yield


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status. Errors made for the user become one line on stderr."""
    with _as_program() if argv is None else nullcontext():
        return _main(argv)


def _main(argv: Sequence[str] | None) -> int:
    console = Console()
    try:
        arguments = _parse(sys.argv[1:] if argv is None else list(argv))
        console = Console(quiet=getattr(arguments, "quiet", False))
        return _run(arguments, console)
    except SystemExit as stop:  # --help and --version end argparse this way
        return int(stop.code or 0)
    except KeyboardInterrupt:
        console.error(Cancelled())
        return Cancelled.exit_status
    except BrokenPipeError:
        # Who read the pipe had enough ("| head").
        abandon(sys.stdout)
        return 0
    except MemoryError:
        full = DeviceError(
            "The computer has too little free memory for these images.", "Close other programs."
        )
        console.error(full)
        return full.exit_status
    except MedviewerError as error:
        console.error(error)
        return error.exit_status
