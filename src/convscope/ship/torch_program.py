"""A network as a PyTorch program: what `torch.export.save` writes, with its entrance and softmax in it."""

from __future__ import annotations

import io
import warnings

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.fx import GraphModule

from ..bundle import Bundle
from ..data import ArrayPreprocessing, Preprocessing
from ..errors import ConvscopeError
from ..graph.tracing import export
from .entrance import Entrance
from .facts import facts
from .runner import Runner


class Shipped(nn.Module):
    """What an `Entrance` takes → probabilities (N, classes)."""

    def __init__(self, bundle: Bundle, entrance: Entrance) -> None:
        super().__init__()
        self.network = bundle.to_module()
        self.entrance = _entrance(entrance)
        self.exit = nn.Identity() if bundle.outputs == "probabilities" else nn.Softmax(dim=1)

    def forward(self, batch: Tensor) -> Tensor:
        probabilities: Tensor = self.exit(self.network(self.entrance(batch)))
        return probabilities


class Pixels(nn.Module):
    """uint8 (N, H, W, C) → float32 (N, C, H, W): 255 - x where asked for, then x * factor + offset."""

    factor: Tensor
    offset: Tensor | None

    def __init__(self, preprocessing: Preprocessing) -> None:
        super().__init__()
        factor, offset = preprocessing.factor_and_offset()
        self.inverts = preprocessing.invert
        self.register_buffer("factor", _per_channel(factor, 2))
        self.register_buffer("offset", None if offset is None else _per_channel(offset, 2))

    def forward(self, pictures: Tensor) -> Tensor:
        values = pictures.permute(0, 3, 1, 2).to(torch.float32).clone(memory_format=torch.contiguous_format)
        values = (255.0 - values if self.inverts else values) * self.factor
        return values if self.offset is None else values + self.offset


class Numbers(nn.Module):
    """float32 (N, C, ...) → (x - mean) / std, each value repeated along each axis as often as asked for."""

    mean: Tensor
    std: Tensor

    def __init__(self, preprocessing: ArrayPreprocessing) -> None:
        super().__init__()
        self.axes, self.repeat = len(preprocessing.shape) - 1, preprocessing.repeat
        mean = preprocessing.mean or (0.0,) * preprocessing.channels
        std = preprocessing.std or (1.0,) * preprocessing.channels
        self.register_buffer("mean", _per_channel(np.array(mean, np.float32), self.axes))
        self.register_buffer("std", _per_channel(np.array(std, np.float32), self.axes))

    def forward(self, numbers: Tensor) -> Tensor:
        values = (numbers - self.mean) / self.std
        if self.repeat > 1:
            for axis in range(2, 2 + self.axes):
                values = values.repeat_interleave(self.repeat, axis)
        return values


def written(bundle: Bundle, entrance: Entrance) -> bytes:
    """The content of a .pt2 file, for batches of any size; class names and more are its `extra_files`."""
    stored = torch.uint8 if entrance.takes_pictures else torch.float32
    program = export(Shipped(bundle, entrance), entrance.shape, training=False, dtype=stored)
    _forget_sources(program)
    content = io.BytesIO()
    with _silent():
        torch.export.save(program, content, extra_files=dict(facts(bundle, entrance)))
    return content.getvalue()


def _forget_sources(program: ExportedProgram) -> None:
    """Take away where in which source file each call was made: paths of the machine that exports."""
    for module in program.graph_module.modules():
        for node in module.graph.nodes if isinstance(module, GraphModule) else ():
            for name in ("stack_trace", "from_node"):
                node.meta.pop(name, None)


def runner(content: bytes, *_: object) -> Runner:
    """What runs what `written` made; raises `ConvscopeError` where PyTorch does not load it."""
    try:
        with _silent():
            module = torch.export.load(io.BytesIO(content)).module()
    except Exception as error:  # of many kinds, as the file is damaged
        raise ConvscopeError(f"PyTorch does not load the program: {error}.") from error

    def run(batch: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            given: np.ndarray = module(torch.from_numpy(np.ascontiguousarray(batch))).numpy()
        return given

    return run


def _entrance(entrance: Entrance) -> nn.Module:
    of = entrance.preprocessing
    if not entrance.inside:
        return nn.Identity()
    if isinstance(of, Preprocessing):
        return Pixels(of)
    assert isinstance(of, ArrayPreprocessing)
    return nn.Identity() if of.changes_nothing else Numbers(of)


def _per_channel(values: np.ndarray, axes: int) -> Tensor:
    return torch.from_numpy(values).reshape(-1, *[1] * axes)


def _silent() -> warnings.catch_warnings:
    """torch.export's own deprecations are not the user's."""
    return warnings.catch_warnings(action="ignore")
