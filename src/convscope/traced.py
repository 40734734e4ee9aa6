"""A person's `nn.Module` as what a bundle keeps of it: a graph with its weights, or an exported program."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from . import program
from .errors import ConvscopeError, ShapeError, UnsupportedOperation, UsageError
from .graph import Graph, initial_weights
from .graph.module import network_name, state_arrays
from .graph.operation import Shape, spell
from .graph.tracing import trace
from .user_code import user_line


@dataclass(frozen=True, eq=False)
class Traced:
    """A module for inputs of one shape; `program` and `refusal` only where it is not in the graph."""

    graph: Graph | None
    weights: dict[str, np.ndarray]  # by the graph's names, else those of the state dict
    parameters: int
    program: bytes | None = None
    refusal: str = ""  # why it is not

    @property
    def outputs(self) -> str:
        """What it gives: "probabilities" where it ends in softmax, else "logits"."""
        if self.graph is not None:
            already = self.graph.ends_in_softmax
        else:
            already = self.program is not None and program.ends_in_softmax(self.program)
        return "probabilities" if already else "logits"


def traced(module: nn.Module, input_shape: Shape, *, name: str) -> Traced:
    """Trace it; raises `UnsupportedOperation` where it cannot be kept at all, else as `trace` does."""
    weights = state_arrays(module)
    try:
        graph = trace(module, input_shape, name=name)
    except UnsupportedOperation as refusal:
        kept = program.save(module, input_shape)
        return Traced(None, weights, sum(p.numel() for p in module.parameters()), kept, str(refusal))
    first = initial_weights(graph) | {key: weights[key] for key in graph.parameters if key in weights}
    return Traced(graph, first, graph.parameter_count)


def in_float32(module: nn.Module) -> nn.Module:
    """A copy on the CPU, in eval mode, with every floating number as float32.

    Raises `UsageError` for what is no module.
    """
    if not isinstance(module, nn.Module):
        raise UsageError(f"what is kept should be a module, not {module!r}.")
    return copy.deepcopy(module).cpu().float().eval()


def check_scores(module: nn.Module, input_shape: Shape, classes: int, *, settings: str | None = None) -> None:
    """Try it on two empty pictures; it is not changed, but for lazy layers, which get their sizes.

    `settings` is where the size of the pictures comes from, by default flags of the command line.

    Raises `ShapeError` where it does not take them or does not give a score per class, and `ConvscopeError`
    naming the person's own line where their code fails.
    """
    name = network_name(module)
    lazy = any(is_lazy(parameter) for parameter in module.parameters())  # its first input gives it its sizes
    tried = module if lazy else copy.deepcopy(module).cpu()
    mode = module.training
    kind, sizes, flags = "pictures", "size and channels", "train: --size, --channels; summary: --input"
    if len(input_shape) == 2:
        kind, sizes, flags = "signals", "channels and length", "summary: --input"
    try:
        with torch.no_grad():
            result = tried.eval()(torch.zeros(2, *input_shape))
    except (RuntimeError, ValueError, IndexError) as error:
        raise ShapeError(
            f"{name} does not take {kind} of {spell(input_shape)}{user_line(error)}: {_sentence(error)} "
            f"Check the {sizes} it was written for ({settings or flags})."
        ) from error
    except Exception as error:
        what = type(error).__name__
        raise ConvscopeError(f"{name} fails{user_line(error)}: {what}: {_sentence(error)}") from error
    finally:
        module.train(mode)
    if isinstance(result, Tensor) and result.shape == (2, classes):
        return
    got = spell(tuple(result.shape)) if isinstance(result, Tensor) else type(result).__name__
    advice = "Check its last layer and the size it was written for."
    if isinstance(result, Tensor) and result.dim() == 2 and result.shape[0] != 2:
        advice = "A view mixes the pictures: x.view(x.size(0), -1) keeps them apart."
    raise ShapeError(
        f"{name} should give 2×{classes} scores for 2 pictures and {classes} classes, but gives {got}. "
        f"{advice}"
    )


def _sentence(error: Exception) -> str:
    return f"{str(error).strip().rstrip('.')}."
