"""Run a model on a series: device, weights, network, cancel → :class:`AnalysisResult`. Torch lives here.

What the network said is never replaced silently: a smaller batch, an override or an empty slice is written
into the result. Between any two pictures the run can be cancelled; a cancelled run leaves nothing behind.

Ends: FINDINGS; PARTIAL (some slices held no picture); NOT_SUITABLE and FAILED, both with reasons. Where the
network finds nothing that a body must have, or numbers that are not finite, the end is FAILED ("no reliable
result"): an empty overlay would read as "normal".
"""

from __future__ import annotations

import time

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from torch import nn

from medviewer.ai import estimate, networks, routing
from medviewer.ai.asking import NoReliableResult, asking
from medviewer.ai.catalog import Bundle, read_weights, router_on_shelf
from medviewer.ai.devices import device_line, pick_device, pick_dtype
from medviewer.ai.findings import AnalysisResult, Notice
from medviewer.ai.looking import NO_RELIABLE_RESULT, Looked
from medviewer.ai.memory import memory_told
from medviewer.ai.pipelines import Pipeline, Reader, pipeline_for
from medviewer.ai.request import Ending, OnSlice, Outcome, Request, judge, may_run
from medviewer.ai.slicewise import SliceRun
from medviewer.errors import BundleError
from medviewer.tasks import TaskContext

__all__ = [
    "OnSlice",
    "Request",
    "analyze",
    "device_line",
    "expected_seconds",
    "load_network",
    "pick_device",
    "pick_dtype",
    "self_test",
    "where_it_looked",
]


def load_network(bundle: Bundle, device: torch.device) -> nn.Module:
    """The bundle's network with its weights, in evaluation mode.

    The bytes are hashed first and the same bytes are loaded, strictly. Raises :class:`BundleError`.
    """
    content = read_weights(bundle)
    network = networks.build(bundle.card.network.name, bundle.card.network.args)
    try:
        network.load_state_dict(load_safetensors(content), strict=True)
    except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
        message = f"The weights of model {bundle.card.id!r} do not belong to its network."
        raise BundleError(message, "Reinstall the model.") from error
    return network.eval().to(device)


def analyze(request: Request, context: TaskContext) -> AnalysisResult:
    """Run the model; see the module for the ways it can end.

    Raises :class:`BundleError`, :class:`DeviceError`, :class:`~medviewer.errors.Cancelled`.
    """
    card = request.bundle.card
    pipeline = pipeline_for(card)
    verdict = judge(request)
    ending = Ending(request, verdict, torch.__version__)
    if not may_run(request, verdict):
        return ending.not_suitable()
    context.report(0.0, "Loading the model")
    device = pick_device(request.device)
    exact = isinstance(pipeline, Reader) and pipeline.exact
    dtype = torch.float32 if exact else pick_dtype(device)
    if verdict.ok:
        verdict = routing.joined(verdict, _routed(request, device, context))
        ending.verdict = verdict
        if not may_run(request, verdict):
            return ending.not_suitable()
    ending.device, ending.dtype = device_line(device), str(dtype).removeprefix("torch.")
    with memory_told(device.type):
        network = load_network(request.bundle, device)
    began, warnings = time.monotonic(), list[Notice]()
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            outcome = _outcome(pipeline, request, network, device, dtype, context, warnings)
    except NoReliableResult:
        return ending.failed(_NOT_FINITE, tuple(warnings))
    context.check()
    estimate.remember(card, device.type, request.volume.shape[0], time.monotonic() - began)
    context.report(1.0, "Done")
    return ending.done(outcome, tuple(warnings))


def _outcome(  # noqa: PLR0917
    pipeline: Pipeline | Reader, request: Request, network: nn.Module, device: torch.device,
    dtype: torch.dtype, context: TaskContext, warnings: list[Notice],
) -> Outcome:  # fmt: skip
    """What the network's answers come to. ``warnings`` takes what happened on the way."""
    if isinstance(pipeline, Reader):
        with asking(network, device, dtype, context) as ask, memory_told("cpu"):
            return pipeline.read(ask, request, context)
    with memory_told("cpu"):
        source = pipeline.prepare(request.volume)
        again = pipeline.looks_again
        run = SliceRun(request, context, source, network, device, dtype, warnings, again)
    classes = run.classes()
    looks = (run.looks,) if again else ()
    with memory_told("cpu"):
        return pipeline.finish(request.volume, classes, request.series, request.bundle.card, context, *looks)


def _routed(request: Request, device: torch.device, context: TaskContext) -> routing.Verdict:
    """What the router says of a few pictures; nothing where there is none on the shelf, or it is broken."""
    guard = router_on_shelf()
    if guard is None or not request.bundle.card.input.kinds:
        return routing.NO_VERDICT
    try:
        with memory_told(device.type):
            network = load_network(guard, device)
    except BundleError as error:
        return routing.broken(error)
    context.report(0.0, "Looking at what the picture is")
    try:
        with asking(network, device, torch.float32, context) as ask:
            return routing.ask_router(ask, guard.card, request)
    except NoReliableResult:
        return routing.SILENT


def where_it_looked(request: Request, index: int, context: TaskContext) -> Looked:
    """Where a classifier looked on stored slice ``index``, by the weights on the shelf; the gate was asked
    when the finding was made.

    Raises :class:`BundleError`, also for a model that cannot tell; :class:`DeviceError`, Cancelled.
    """
    pipeline = pipeline_for(request.bundle.card)
    if not isinstance(pipeline, Reader) or pipeline.look is None:
        raise BundleError(f"Model {request.bundle.card.id!r} cannot show where it looked.")
    context.report(0.0, "Loading the model")
    device = pick_device(request.device)
    with memory_told(device.type):
        network = load_network(request.bundle, device)
    try:
        with asking(network, device, torch.float32, context) as ask, memory_told("cpu"):
            return pipeline.look(ask, request, index, context)
    except NoReliableResult:
        return Looked(index, None, NO_RELIABLE_RESULT)


_NOT_FINITE = Notice(
    "NO_RELIABLE_RESULT",
    "The model's numbers are not finite, or all of them are zero: there is no reliable result.",
)


def expected_seconds(bundle: Bundle, slices: int, device: str = "auto") -> float | None:
    """How long a run should take: from earlier runs on this device, else from the card; None if unknown."""
    return estimate.seconds_for(bundle.card, pick_device(device).type, slices)


def self_test(bundle: Bundle) -> str:
    """Hash, strict load and one small input through the network on the CPU; one sentence when all is well.

    Raises :class:`BundleError`.
    """
    card = bundle.card
    if not card.is_guard:
        pipeline_for(card)
    network = load_network(bundle, torch.device("cpu"))
    ramp = networks.ramp_picture(network)
    began = time.monotonic()
    with torch.inference_mode():
        answer = network(ramp)
    if answer.shape[1] != len(card.network.outputs) or not bool(torch.isfinite(answer).all()):
        raise BundleError(f"Model {card.id!r} fails its self-test.", "Reinstall the model.")
    count = sum(parameter.numel() for parameter in network.parameters())
    seconds = time.monotonic() - began
    return f"{card.id} {card.version}: hash right, {count:,} weights loaded, test picture in {seconds:.2f} s."
