"""`nn.Module` → `Graph`, by way of `torch.export`: nothing of the module's code is needed afterwards."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import io
import logging
import warnings
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.fx import Node as FxNode

from ..errors import ConvscopeError, ConvscopeWarning, ShapeError, UnsupportedOperation
from ..user_code import user_line
from .aten import TRANSLATORS
from .graph import Graph
from .module import graph_of, network_name, state_arrays
from .operation import Shape, spell
from .translation import Translation
from .weights import initial_weights


def trace(module: nn.Module, input_shape: Sequence[int], *, name: str | None = None) -> Graph:
    """The graph of an ordinary module for inputs of `input_shape` (C, H, W) or (C, L), without the batch.

    The module is not changed. Parameters keep their names; a module that is called twice becomes two
    nodes that share parameters. A module that was rebuilt from a graph for such inputs keeps that graph. The
    result is compared with the module on random input before it is returned. Raises `UnsupportedOperation`
    naming what the graph cannot express, `ShapeError` where the module does not take the input; warns where
    the module behaves differently in training.

    >>> from torch import nn
    >>> module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    >>> graph = trace(module, (1, 8, 8))
    >>> [node.name for node in graph.nodes], list(graph.parameters)
    (['input', '0', '1', '2', '3'], ['0.weight', '0.bias', '3.weight', '3.bias'])
    """
    shape = tuple(int(size) for size in input_shape)
    name = name or network_name(module)
    known = graph_of(module)
    if known is not None and known.input_shape == shape:
        graph = dataclasses.replace(known, name=name)
        _check_same_outputs(graph, module)
        return graph
    with torch.random.fork_rng(devices=[]):
        program = export(module, shape, training=False)
        translation = Translation(name, shape, module, program, TRANSLATORS)
        for node in program.graph.nodes:
            if node.op == "call_function":
                translation.visit(node)
        graph = translation.finish()
        _warn_about_modes(name, module, shape, program)
        if not _always_on_dropout(program):
            _check_same_outputs(graph, module)
    return graph


def export(
    module: nn.Module, input_shape: Shape, *, training: bool, dtype: torch.dtype = torch.float32
) -> ExportedProgram:
    """The module as a `torch.export` program with a free batch size, in the given mode.

    Raises `ShapeError` where the module fails on such an input, `UnsupportedOperation` where
    its code cannot be exported.
    """
    copied = copy.deepcopy(module).cpu().train(training)
    example = torch.zeros(2, *input_shape, dtype=dtype)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the module's own, which its person sees where it runs
            result = copy.deepcopy(copied)(example)
    except Exception as error:
        raise ShapeError(
            f"{network_name(module)} does not take an input of {spell(input_shape)}: {_first_line(error)}"
        ) from error
    if not isinstance(result, Tensor):
        raise UnsupportedOperation(
            f"{network_name(module)} returns a {type(result).__name__}; a classifier returns one tensor."
        )
    try:
        with warnings.catch_warnings(), no_logging():
            warnings.simplefilter("ignore")  # torch.export's own deprecations are not the user's
            return torch.export.export(copied, (example,), dynamic_shapes=({0: Dim.DYNAMIC},))
    except Exception as error:
        name, reason = network_name(module), f"cannot be exported by torch ({_first_line(error)})"
        if "data-dependent" in str(error):
            reason = "decides by the values of a picture what to compute (an `if` on a tensor)"
        raise UnsupportedOperation(
            f"{name} {reason}{user_line(error)}; it has to do the same with every picture of a batch."
        ) from error


def _warn_about_modes(name: str, module: nn.Module, shape: Shape, program: ExportedProgram) -> None:
    """Say where train and eval mode differ in more than dropout and batch norm."""
    if _always_on_dropout(program):
        _warn(
            "dropout-in-eval",
            f"{name} calls F.dropout without training=self.training, so it stays on in eval; "
            "the traced network switches it off there.",
        )
    try:
        training = export(module, shape, training=True)
    except ConvscopeError as error:
        _warn(
            "train-mode",
            f"{name} could not be traced in training mode, only its eval behaviour is kept: {error}",
        )
        return
    if _skeleton(training, training=True) != _skeleton(program, training=False):
        _warn(
            "train-branch",
            f"{name} does something else in training than in eval (a branch on self.training, or a layer "
            "kept in one mode); the traced network keeps its eval form, and switches dropout and batch norm "
            "with the mode.",
        )


def _always_on_dropout(program: ExportedProgram) -> bool:
    return any("dropout" in str(node.target) and node.args[2] is True for node in _calls(program))


def _skeleton(program: ExportedProgram, *, training: bool) -> list[tuple[object, ...]]:
    """Operations and their settings in order, without the counters that batch norm keeps in training.

    Dropout and batch norm follow the mode: in training they are to be on.
    """
    skeleton: list[tuple[object, ...]] = []
    for node in _calls(program):
        if str(node.target) == "aten.add_.Tensor" and len(node.all_input_nodes) == 1:
            continue
        settings = ["tensor" if isinstance(argument, FxNode) else str(argument) for argument in node.args]
        if "dropout" in str(node.target):
            settings[2] = str(node.args[2] is True or not training)
        elif "batch_norm" in str(node.target):
            settings[5] = str(node.args[5] is True or not training)
        skeleton.append((str(node.target), *settings))
    return skeleton


def _calls(program: ExportedProgram) -> list[FxNode]:
    return [node for node in program.graph.nodes if node.op == "call_function"]


def _check_same_outputs(graph: Graph, module: nn.Module) -> None:
    """Refuse a graph that does not compute what the module does (views changed in place, say)."""
    original = copy.deepcopy(module).cpu().eval()
    batch = torch.rand(3, *graph.input_shape, generator=torch.Generator().manual_seed(0))
    rebuilt = graph.to_module(initial_weights(graph) | state_arrays(original)).eval()
    with torch.no_grad():
        expected, actual = original(batch), rebuilt(batch)
    if not torch.allclose(expected, actual, rtol=1e-4, atol=1e-5, equal_nan=True):
        difference = (expected - actual).abs().max().item()
        raise UnsupportedOperation(
            f"the traced graph of {graph.name} differs from the module by {difference:.3g}; it does "
            "something that the trace does not show (random numbers in eval, or a view changed in place)."
        )


def _warn(code: str, message: str) -> None:
    warnings.warn(ConvscopeWarning(code, message), stacklevel=4)


@contextlib.contextmanager
def no_logging() -> Iterator[None]:
    """torch logs and prints pages about an export that fails; what matters of them is in the error."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0].rstrip(".") if text else type(error).__name__
