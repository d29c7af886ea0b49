"""Which kind of weights a file holds, told from its bytes alone, and which kinds are refused and why.

Plain weights are welcome. What can run code when it is loaded is not: TorchScript, ``torch.export``
archives (``.pt2``; loading one falls back to an unsafe pickle), training checkpoints full of objects,
pickles that name anything but tensors. Pickles are read as a list of instructions here, never run
(:mod:`pickletools`).
"""

from __future__ import annotations

import io
import pickletools
import zipfile
from collections.abc import Sequence
from enum import StrEnum

from medviewer.ai.packages import archive_names, is_torch_archive, refused
from medviewer.errors import BundleError

_TRUST = "Ask its publisher for plain weights (a state_dict or safetensors)."


class Kind(StrEnum):
    """What plain weights come in."""

    SAFETENSORS = "safetensors"
    STATE_DICT = "state_dict"
    ONNX = "ONNX"


_SAFE_GLOBALS = {
    "collections OrderedDict",
    "torch._utils _rebuild_tensor",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    "torch Size",
}
"""What a pickle of tensors names; and the storage classes of torch."""


def kind_of(name: str, content: bytes) -> Kind:
    """The kind of a file of weights. Raises :class:`BundleError` with the reason for every other."""
    if content[:4] == b"PK\x03\x04":
        _check_archive(content)
        return Kind.STATE_DICT
    if name.lower().endswith(".onnx"):
        return Kind.ONNX
    if is_pickle(content):
        if name.lower().endswith(".safetensors"):
            raise refused("it is called safetensors but is a pickle, which can run code", _TRUST)
        _check_pickle(content)
        return Kind.STATE_DICT
    if len(content) > 8 and content[8:9] == b"{":
        return Kind.SAFETENSORS
    if name.lower().endswith(".safetensors"):
        raise refused("its safetensors file is damaged", "Copy it again from its source.")
    raise refused("it holds no weights this program knows (safetensors, a plain state_dict, ONNX)")


def is_pickle(content: bytes) -> bool:
    """Whether bytes begin as a pickle of protocol 2 or later does."""
    return len(content) > 1 and content[0] == 0x80 and 2 <= content[1] <= 5


def check_folder(names: Sequence[str]) -> None:
    """Refuse a folder or archive that belongs to a framework whose models run their own code."""
    plain = {name.rsplit("/", 1)[-1] for name in names}
    if plain & {"plans.json", "dataset_fingerprint.json"} or "checkpoint_final.pth" in plain:
        raise nnunet()
    if any(name.startswith("inference.") for name in plain) and "metadata.json" in plain:
        raise refused("it is a MONAI bundle, whose configuration names the code to run", _TRUST)


def nnunet() -> BundleError:
    """The refusal of nnU-Net's checkpoints."""
    return refused("it is an nnU-Net checkpoint, which needs nnU-Net's own code to run", _TRUST)


def _check_archive(content: bytes) -> None:
    """Look into what torch wrote: TorchScript and exported programs beside plain pickles."""
    if not is_torch_archive(content):
        raise refused("it is an archive, not a file of weights")
    names = ["/" + name for name in archive_names(content)]
    if any("/code/" in name or name.endswith("/constants.pkl") for name in names):
        raise refused("it is TorchScript, a program rather than weights", _TRUST)
    exported = ("/archive_format", "/serialized_exported_program.json", "/sample_inputs")
    if any(mark in name for name in names for mark in exported) or any("/models/" in n for n in names):
        raise refused("it is an exported program (.pt2), which can run code when it is loaded", _TRUST)
    pickles = [name for name in archive_names(content) if name.endswith("data.pkl")]
    if len(pickles) != 1:
        raise refused("the archive is damaged", "Copy it again from its source.")

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        try:
            with archive.open(pickles[0]) as file:
                data = file.read(_PICKLE_LIMIT + 1)
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            raise refused("the archive is damaged", "Copy it again from its source.") from error
    if len(data) > _PICKLE_LIMIT:
        raise refused("its list of tensors is too long to be one")
    _check_pickle(data)


_PICKLE_LIMIT = 16 << 20


def _check_pickle(content: bytes) -> None:
    """Refuse a pickle that names anything but tensors; names what it found."""
    named, words = _instructions(content)
    if {"network_weights", "trainer_name"} <= words:
        raise nnunet()
    for name in sorted(named):
        if name not in _SAFE_GLOBALS and not _is_storage(name):
            raise refused(
                f"its pickle names {name.replace(' ', '.')!r}, which is no tensor and may run code", _TRUST
            )


def _is_storage(name: str) -> bool:
    module, _, thing = name.partition(" ")
    return module in ("torch", "torch.storage") and thing.endswith("Storage")


def _instructions(content: bytes) -> tuple[set[str], set[str]]:
    """("module name" of every global, every text) of the pickles that follow each other in ``content``.

    The old format of ``torch.save`` is five pickles and then raw numbers: reading ends at the numbers.
    """
    stream = io.BytesIO(content)
    named: set[str] = set()
    words: set[str] = set()
    for _ in range(5):
        before: list[str] = []
        try:
            for code, argument, _position in pickletools.genops(stream):
                if code.name in ("GLOBAL", "INST"):
                    named.add(str(argument))
                elif code.name == "STACK_GLOBAL":
                    named.add(" ".join(before[-2:]) or "something unnamed")
                elif isinstance(argument, str):
                    before.append(argument)
            words.update(before)
        except (ValueError, EOFError, UnicodeDecodeError, OverflowError) as error:
            if stream.tell() == 0 or not named:
                raise refused("its pickle is damaged", "Copy it again from its source.") from error
            break
    return named, words
