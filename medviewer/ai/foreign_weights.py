"""Weights of other people as tensors, and as the safetensors that the shelf keeps. Torch lives here.

Pickles are read by ``torch.load(weights_only=True)`` and nothing else, after :mod:`foreign_files` looked at
what they name. There is no second, trusting attempt.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors

from medviewer.ai.foreign_files import Kind, kind_of, nnunet
from medviewer.ai.onnx_tensors import initialisers
from medviewer.ai.packages import refused

Tensors = dict[str, torch.Tensor]

_WRAPPERS = ("state_dict", "model_state_dict", "model", "net")
"""Keys under which training loops keep the weights beside their own record."""


def read_tensors(name: str, content: bytes) -> Tensors:
    """Every tensor of a file of plain weights by its name, on the CPU.

    Raises :class:`BundleError` for anything that is not plain, finite weights.
    """
    kind = kind_of(name, content)
    if kind is Kind.SAFETENSORS:
        tensors = _safetensors(content)
    elif kind is Kind.ONNX:
        tensors = {key: torch.from_numpy(value.copy()) for key, value in initialisers(content).items()}
    else:
        tensors = _state_dict(content)
    check_finite(tensors)
    return _counted(tensors)


def check_finite(tensors: Mapping[str, torch.Tensor]) -> None:
    """Refuse weights that are no numbers: every answer would be none. Raises :class:`BundleError`."""
    for value in tensors.values():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise refused("its weights are not finite numbers (NaN or infinite)")


def as_safetensors(tensors: Mapping[str, torch.Tensor]) -> bytes:
    """The bytes of a safetensors file, the same for the same tensors."""
    return save_safetensors({name: tensors[name].contiguous().clone() for name in sorted(tensors)})


def shapes_digest(tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over the lines "name shape", sorted: which network it is."""
    shapes = {name: "x".join(map(str, tensors[name].shape)) for name in _numbers(tensors)}
    lines = [f"{name} {shape}" for name, shape in shapes.items()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def values_digest(tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over names and numbers (as float64), the same whatever file the weights came in."""
    digest = hashlib.sha256()
    for name in _numbers(tensors):
        digest.update(f"{name}\n".encode())
        digest.update(tensors[name].to(torch.float64).contiguous().numpy().tobytes())
    return digest.hexdigest()


_COUNTER = "num_batches_tracked"
"""How many batches a batch norm has seen: no part of the answer, and left out by some formats."""


def _numbers(tensors: Mapping[str, torch.Tensor]) -> list[str]:
    return sorted(name for name in tensors if not name.endswith(_COUNTER))


def _counted(tensors: Tensors) -> Tensors:
    """With the counters that batch norms want when they are loaded strictly."""
    norms = [name.removesuffix("running_var") for name in tensors if name.endswith(".running_var")]
    return {name + _COUNTER: torch.tensor(0) for name in norms} | tensors


def _safetensors(content: bytes) -> Tensors:
    try:
        return load_safetensors(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise refused("its safetensors file is damaged", "Copy it again from its source.") from error


def _state_dict(content: bytes) -> Tensors:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's advice to programmers
            found: Any = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, TypeError,
            AttributeError, IndexError, AssertionError, OverflowError) as error:  # fmt: skip
        raise refused("its weights cannot be read as plain tensors; the file is damaged or no state_dict",
                      "Copy it again from its source.") from error  # fmt: skip
    if isinstance(found, dict) and {"network_weights", "trainer_name"} <= found.keys():
        raise nnunet()
    for key in _WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    return _checked(found)


def _checked(found: Any) -> Tensors:
    if not isinstance(found, dict) or not found:
        raise refused("the file holds no dictionary of weights")
    for key, value in found.items():
        plain = isinstance(value, torch.Tensor) and value.layout == torch.strided and not value.is_quantized
        if not (isinstance(key, str) and plain):
            raise refused("it holds more than plain tensors, as training checkpoints do",
                          "Ask its publisher for the state_dict alone.")  # fmt: skip
    return dict(found)
