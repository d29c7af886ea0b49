"""Files as other people write them, made small: networks' weights, archives, ONNX, hostile pickles."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medviewer import paths
from medviewer.ai import install, known_models
from medviewer.ai.foreign_weights import as_safetensors, shapes_digest, values_digest
from medviewer.ai.known_models import KnownModel
from medviewer.ai.known_networks import MeshNet
from tests.ai.bundles import example

TINY_ID = "tiny-mesh"


def tiny_weights(seed: int = 0) -> dict[str, torch.Tensor]:
    """Weights of a MeshNet of two channels and two classes."""
    torch.manual_seed(seed)
    return dict(MeshNet(2, 2, "relu").state_dict())


def tiny_card() -> dict[str, Any]:
    """A card of that network."""
    data = example()
    data["id"], data["title"] = TINY_ID, "Tiny mesh"
    data["network"] = {
        "name": "meshnet",
        "args": {"width": 2, "outputs": 2, "activation": "relu"},
        "outputs": ["background", "brain"],
    }
    data["labels"] = [{"id": 1, "name": "brain", "title": "Brain", "colour": "#56B4E9"}]
    data["input"] |= {"modality": "MR", "intensity": {"unit": "", "low": 0, "high": 1}}
    data["licence"] = "MIT"
    return data


def know_tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the tiny network's weights of seed 0 into the table of known models, for one test."""
    weights = tiny_weights()
    row = KnownModel(
        shapes_digest(weights), values_digest(weights), "example.org/tiny", tiny_card(), "Do what you like."
    )
    monkeypatch.setattr(known_models, "known_models", lambda: (row,))


def saved(value: Any, *, legacy: bool = False) -> bytes:
    """What ``torch.save`` writes."""
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


def bundle_files(**changes: Any) -> dict[str, bytes]:
    """A whole bundle of the tiny network by file name; ``changes`` go into the card."""
    weights = as_safetensors(tiny_weights())
    data = tiny_card()
    data["weights"] = {"file": "weights.safetensors", "sha256": sha(weights)}
    data |= changes
    files = {"card.json": json.dumps(data).encode(), "weights.safetensors": weights}
    return files | {"LICENSE": b"MIT License, whole text."}


def sha(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip file of these names, however strange they are."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def put(folder: Path, name: str, content: bytes) -> Path:
    """A file in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


class Evil:
    """Unpickling it makes a file: the sentinel that proves something ran."""

    def __init__(self, sentinel: Path) -> None:
        self.sentinel = sentinel

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (str(self.sentinel), "w")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def onnx_of(tensors: Mapping[str, torch.Tensor], *, raw: bool = True) -> bytes:
    """A minimal ONNX model that holds only initialisers, in raw bytes or as repeated floats."""
    graph = b""
    for name, tensor in tensors.items():
        values = tensor.numpy().astype("<f4")
        body = b"".join(_varint(1 << 3) + _varint(n) for n in values.shape)
        body += _varint(2 << 3) + _varint(1) + _field(8, name.encode())
        numbers = struct.pack(f"<{values.size}f", *np.ravel(values).tolist())
        graph += _field(5, body + _field(9 if raw else 4, numbers))
    return _varint(1 << 3) + _varint(8) + _field(7, graph)


def install_tiny(folder: Path) -> Any:
    """The tiny bundle, installed on the reader's own shelf."""
    for name, content in bundle_files().items():
        put(folder, name, content)
    return install.install(install.examine(folder), licence_accepted=True)


def on_shelf() -> list[str]:
    """Everything in the folder of the reader's own models, also what is on its way."""
    root = paths.user_models()
    return sorted(p.name for p in root.iterdir()) if root.is_dir() else []
