"""One command from a fresh clone to a running MedViewer. Standard library only, Python 3.11 or newer.

    python3 dev.py run [PATH...]     open the window (on the demo study when no path is given)
    python3 dev.py test [ARGS...]    run the tests (ARGS go to pytest)
    python3 dev.py lint              ruff, mypy, the size law
    python3 dev.py bench [ARGS...]   measure the speed that viewer and reader feel

Every command makes what it needs first (.venv, the pinned packages, the libraries Qt wants) and makes it
once. Everything it writes lies in `.venv` and `out`; both may be deleted at any time.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed.sha256"
OUT = ROOT / "out"
CPU_TORCH = "https://download.pytorch.org/whl/cpu"
OLDEST = (3, 11)

QT_ALWAYS = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
}
"""Library → Debian package: what Qt loads even without a screen."""

QT_SCREEN = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
"""What it loads to draw on an X11 screen."""


def say(text: str) -> None:
    """Tell what is happening; stderr, so that results can be piped."""
    print(f"dev.py: {text}", file=sys.stderr, flush=True)


def call(*command: object, env: dict[str, str] | None = None) -> int:
    """Run a command in the repository; its exit status (128 + n where signal n ended it, as a shell says)."""
    words = [str(word) for word in command]
    code = subprocess.run(words, cwd=ROOT, env={**os.environ, **(env or {})}, check=False).returncode
    return code if code >= 0 else 128 - code


def need(*command: object, why: str) -> None:
    """Run a command that must succeed; otherwise stop and say what failed."""
    if call(*command) != 0:
        raise SystemExit(f"dev.py: {why}")


# ---- getting ready --------------------------------------------------------------------------------------


def use_new_enough_python() -> None:
    """Start again with a newer Python where the one running is too old."""
    if sys.version_info >= OLDEST:
        return
    for name in ("python3.13", "python3.12", "python3.11"):
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])
    raise SystemExit("dev.py: MedViewer needs Python 3.11 or newer; install it and run this again with it.")


def set_up() -> None:
    """Make .venv and install the pinned packages, unless the stamp says that was done."""
    stamp = _stamp()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == stamp:
        return
    STAMP.unlink(missing_ok=True)
    if not _works():
        say("making .venv")
        _make_venv()
    say("installing the pinned packages into .venv (a few hundred MB, once)")
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    pip = [PYTHON, "-m", "pip", "install", *quiet, "--disable-pip-version-check"]
    need(
        *pip,
        "-c",
        "constraints.txt",
        *_torch_index(),
        "-e",
        ".[dev,train]",
        why="the packages could not be installed.",
    )
    STAMP.write_text(stamp)


def _stamp() -> str:
    """Changes when the packages asked for change, or the Python that holds them."""
    digest = hashlib.sha256(platform.python_version().encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _works() -> bool:
    """Whether .venv is whole: its Python starts, is new enough and has pip."""
    probe = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([PYTHON, "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _make_venv() -> None:
    make = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if call(*make) == 0:
        return
    version = f"python3.{sys.version_info.minor}-venv"  # Debian keeps this part of Python in its own package
    _apt([version])
    need(*make, why=f"Python's venv module does not work; install it (Debian: apt-get install {version}).")


def _torch_index() -> list[str]:
    """On Linux PyPI's torch brings gigabytes of CUDA: without an NVIDIA card take the CPU build."""
    has_card = shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists()
    if sys.platform != "linux" or has_card:
        return []
    try:
        with urllib.request.urlopen(f"{CPU_TORCH}/torch/", timeout=10):
            return ["--extra-index-url", CPU_TORCH]
    except (urllib.error.URLError, OSError):
        return []


def qt_libraries(screen: bool) -> None:
    """On Linux: the system libraries Qt loads must be there. Debian's root installs the missing ones."""
    if sys.platform != "linux":
        return
    wanted = {**QT_ALWAYS, **(QT_SCREEN if screen else {})}
    missing = [package for library, package in wanted.items() if not _loads(library)]
    if missing:
        _apt(missing)
        missing = [package for library, package in wanted.items() if not _loads(library)]
    if missing:
        names = " ".join(missing)
        raise SystemExit(f"dev.py: Qt needs libraries that are not here. Run: sudo apt-get install {names}")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _apt(packages: Sequence[str]) -> None:
    """Install Debian packages where this user may; the caller checks whether it helped."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return
    say(f"installing {' '.join(packages)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if call(*install, env=quiet) != 0:
        call("apt-get", "update", "-qq", env=quiet)
        call(*install, env=quiet)


def has_screen() -> bool:
    """Whether a window can be opened here. A display that is named but doesn't answer is none."""
    if sys.platform != "linux":
        return True
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    probe = "from PySide6.QtGui import QGuiApplication; QGuiApplication([])"
    answer = subprocess.run([PYTHON, "-c", probe], capture_output=True, check=False)
    return answer.returncode == 0


# ---- commands -------------------------------------------------------------------------------------------


def run(arguments: Sequence[str]) -> int:
    """Open the window on the paths, or on the demo study; without a screen do the same job headless."""
    named = sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    set_up()
    qt_libraries(named)
    paths = [str(Path(argument).absolute()) for argument in arguments] or [str(demo())]
    if has_screen():
        say("opening the window")
        return call(PYTHON, "-m", "medviewer", *paths)
    return headless(paths)


def demo() -> Path:
    """The images of the demo study; made once, and again when the program that draws them changed."""
    digest = hashlib.sha256()
    for source in sorted((ROOT / "medviewer" / "training").glob("*.py")):
        digest.update(source.read_bytes())
    folder = OUT / f"demo-{digest.hexdigest()[:8]}"
    if not folder.is_dir():
        say("making the demo study (once, about 15 s)")
        OUT.mkdir(exist_ok=True)
        for old in OUT.glob("demo-*"):
            shutil.rmtree(old)
        with tempfile.TemporaryDirectory(dir=OUT) as room:
            made = Path(room, "demo")
            need(PYTHON, "-m", "medviewer", "demo", "-q", "-o", made, why="the demo study failed.")
            made.rename(folder)
    return folder / "ct"


def headless(paths: Sequence[str]) -> int:
    """No screen: analyze, write the report, and take a picture of the window."""
    say("there is no screen here, so the same job is done headless: analyze, report, picture of the window")
    folder, picture = OUT / "report", OUT / "window.png"
    code = call(PYTHON, "-m", "medviewer", "analyze", *paths, "-o", folder)
    say("taking the picture of the window")
    shot = [PYTHON, "-m", "medviewer", "--snapshot", picture, *paths]
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(shot, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True, check=False)
    # Qt's offscreen platform says this of every window, and means nothing by it.
    kept = [line for line in done.stderr.splitlines() if "propagateSizeHints" not in line]
    print("\n".join(kept), end="\n" if kept else "", file=sys.stderr)
    code = code or abs(done.returncode)
    written = [folder / name for name in ("result.json", "report.pdf", "report.html")]
    say("written:" if code == 0 else f"exit status {code}; written so far:")
    for path in filter(Path.exists, [*written, picture]):
        print(path)
    return code


def test(arguments: Sequence[str]) -> int:
    """Run pytest, the whole suite on every core: no screen needed, nothing of yours is read or written."""
    set_up()
    qt_libraries(screen=False)
    with tempfile.TemporaryDirectory(prefix="medviewer-home-") as home:
        env = {"QT_QPA_PLATFORM": "offscreen", "MEDVIEWER_HOME": home}
        return call(PYTHON, "-m", *(["pytest", *arguments] if arguments else ["tests.at_once"]), env=env)


def lint(arguments: Sequence[str]) -> int:
    """Run ruff, mypy and the size law; all of them, whatever the first says."""
    if arguments:
        raise SystemExit("dev.py: lint takes no arguments")
    set_up()
    codes = [
        call(PYTHON, "-m", "ruff", "check", "."),
        call(PYTHON, "-m", "ruff", "format", "--check", "."),
        call(PYTHON, "-m", "mypy"),
        call(PYTHON, "-m", "tests.size_law"),
    ]
    return int(any(codes))


def bench(arguments: Sequence[str]) -> int:
    """Measure, and print ratios made in one run."""
    set_up()
    qt_libraries(screen=False)
    return call(PYTHON, "-m", "tests.bench", *arguments, env={"QT_QPA_PLATFORM": "offscreen"})


COMMANDS = {"run": run, "test": test, "lint": lint, "bench": bench}


def main(arguments: Sequence[str]) -> int:
    """Dispatch; the exit status is that of what was run."""
    use_new_enough_python()
    if not arguments or arguments[0] not in COMMANDS:
        print((__doc__ or "").strip(), file=sys.stderr)
        return 0 if list(arguments) in (["-h"], ["--help"]) else 2
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
