"""The evidence pack: whole or not at all, never over another, every file read back and listed."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from medviewer.errors import Cancelled, NoGeometry, UsageError, WriteError
from medviewer.review import pack as pack_module
from medviewer.review.files import write_new
from medviewer.review.pack import Part, write_pack
from medviewer.review.pack_manifest import verify
from medviewer.review.whole_folder import sweep
from medviewer.tasks import TaskContext
from tests.review.packs import ABOUT, Words

KILLED = """
import sys, time
from pathlib import Path
from medviewer.review.pack import write_pack
from medviewer.tasks import TaskContext
from tests.review.packs import ABOUT, Words

def wait():
    print("half way", flush=True)
    sys.stdin.readline()

write_pack([Words("a.txt"), Words("b.txt", before=wait)], Path(sys.argv[1]), "pack", ABOUT, TaskContext())
"""


def write(folder: Path, *parts: Part, context: TaskContext | None = None) -> pack_module.Pack:
    return write_pack(parts, folder, "pack", ABOUT, context or TaskContext())


def raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def test_that_all_files_lie_in_one_folder_with_a_manifest_of_their_hashes(tmp_path: Path) -> None:
    made = write(
        tmp_path, Words("a.txt", "first", facts={"sop_instance_uid": "1.2"}), Words("b.txt", "second")
    )
    assert made.folder == tmp_path / "pack"
    assert os.listdir(tmp_path) == ["pack"]
    assert sorted(os.listdir(made.folder)) == ["a.txt", "b.txt", "manifest.json"]
    text = (made.folder / "manifest.json").read_bytes()
    assert made.manifest_sha256 == sha256(text).hexdigest()
    told = json.loads(text)
    assert told["schema"] == "medviewer.evidence/1"
    assert told["notice"] == "Research use only. Not for diagnostic use."
    assert told["app"] == "0.0"
    assert told["models"] == [
        {"id": "lung-ct", "version": "1.0.0", "title": "Lung density", "weights_sha256": "ab" * 32}
    ]
    assert told["notices"] == ["No birth date is told."]
    assert told["files"][0] == {
        "name": "a.txt",
        "kind": "TXT",
        "what": "Some words",
        "size": 5,
        "sha256": sha256(b"first").hexdigest(),
        "sop_instance_uid": "1.2",
    }
    assert told["not_written"] == []
    assert verify(made.folder) == ()


def test_that_a_second_pack_takes_the_next_number_and_touches_nothing(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack-2").write_text("a file in the way")
    made = write(tmp_path, Words("a.txt"))
    assert made.folder.name == "pack-3"
    assert write(tmp_path, Words("a.txt")).folder.name == "pack-4"
    assert os.listdir(tmp_path / "pack") == []
    assert (tmp_path / "pack-2").read_text() == "a file in the way"


def test_that_what_cannot_be_written_is_told_and_does_not_stop_the_others(tmp_path: Path) -> None:
    no_place = raising(NoGeometry("The images tell no positions.", "Choose another series."))
    later = Words("c.txt")
    made = write(tmp_path, Words("a.txt"), Words("b.txt", kind="SEG", before=no_place), later)
    assert [entry.name for entry in made.entries] == ["a.txt", "c.txt"]
    assert later.seen == frozenset({"a.txt"}), "nothing may refer to what was not written"
    told = json.loads((made.folder / "manifest.json").read_text(encoding="utf-8"))
    assert told["not_written"] == [
        {
            "kind": "SEG",
            "what": "Some words",
            "reason": "The images tell no positions. Choose another series.",
        }
    ]


def test_that_what_does_not_come_back_as_meant_is_left_out(tmp_path: Path) -> None:
    def other_patient(path: Path) -> Sequence[str]:
        assert path.read_text() == "words"
        return ["it is of another patient.", "and more"]

    made = write(tmp_path, Words("a.txt", judge=other_patient), Words("b.txt"))
    assert sorted(os.listdir(made.folder)) == ["b.txt", "manifest.json"]
    assert "it is of another patient" in made.left_out[0].reason
    assert ".." not in made.left_out[0].reason


def test_that_nothing_stands_where_no_part_could_be_written(tmp_path: Path) -> None:
    first, second = NoGeometry("The first reason."), NoGeometry("The second reason.")
    with pytest.raises(NoGeometry, match="first"):
        write(tmp_path, Words("a.txt", before=raising(first)), Words("b.txt", before=raising(second)))
    with pytest.raises(UsageError, match="Nothing is ticked"):
        write(tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.usefixtures("full_disk")
def test_that_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="full"):
        write(tmp_path, Words("a.txt"))
    assert os.listdir(tmp_path) == []


def test_that_a_disk_full_at_the_manifest_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All parts fit, the last file does not."""
    real = write_new

    def full(path: Path, content: bytes) -> None:
        if path.name == "manifest.json":
            raise OSError(errno.ENOSPC, "full", str(path))
        real(path, content)

    monkeypatch.setattr(pack_module, "write_new", full)
    with pytest.raises(WriteError, match="The disk is full: nothing was written"):
        write(tmp_path, Words("a.txt"), Words("b.txt"))
    assert os.listdir(tmp_path) == []


def test_that_a_name_that_is_not_safe_on_the_disk_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last flush, of the folder that holds the name, fails: nothing was written, as the sentence says."""

    def fail(folder: Path) -> None:
        if folder == tmp_path:
            raise OSError(errno.EIO, "i/o")

    monkeypatch.setattr(pack_module, "sync_folder", fail)
    with pytest.raises(WriteError, match="nothing was written"):
        write(tmp_path, Words("a.txt"))
    assert os.listdir(tmp_path) == []


def test_that_a_read_only_target_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the system says it: the administrator, who runs many tests, may write anywhere."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(WriteError, match="read-only"):
        write(tmp_path / "target", Words("a.txt"))
    assert os.listdir(tmp_path) == []


def test_that_a_file_where_the_folder_should_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here first")
    with pytest.raises(WriteError, match="nothing was written"):
        write(tmp_path / "file", Words("a.txt"))
    assert (tmp_path / "file").read_text() == "here first"


@pytest.mark.parametrize("when", [0, 1])
def test_that_a_cancelled_export_leaves_nothing(tmp_path: Path, when: int) -> None:
    context = TaskContext()
    parts = [Words("a.txt"), Words("b.txt")]
    parts[when].before = context.cancel
    with pytest.raises(Cancelled):
        write(tmp_path, *parts, context=context)
    assert os.listdir(tmp_path) == []


def test_that_a_bug_in_a_writer_leaves_nothing_either(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        write(tmp_path, Words("a.txt"), Words("b.txt", before=raising(KeyError("bug"))))
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no SIGKILL")
def test_that_a_killed_export_leaves_no_name_and_the_next_one_sweeps(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half way\n"
        sweep(tmp_path)
        (left,) = tmp_path.iterdir()
        assert (left / "a.txt").read_text() == "words", "what still runs is not swept"
        process.send_signal(signal.SIGKILL)
    assert left.name.startswith(".medviewer-")
    assert left.name.endswith(".partial")
    write(tmp_path, Words("c.txt"))
    assert os.listdir(tmp_path) == ["pack"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda folder: (folder / "a.txt").write_text("other"), "a.txt was changed."),
        (lambda folder: (folder / "a.txt").unlink(), "a.txt is missing."),
        (lambda folder: (folder / "z.txt").write_text("new"), "z.txt is not listed."),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json is missing or cannot be read."),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "manifest.json is missing or cannot"),
        (lambda folder: (folder / "manifest.json").write_text('{"files": []}'), "of another kind"),
    ],
)
def test_that_verify_names_what_was_touched(
    tmp_path: Path, change: Callable[[Path], object], sentence: str
) -> None:
    folder = write(tmp_path, Words("a.txt")).folder
    change(folder)
    assert sentence in verify(folder)[0]
