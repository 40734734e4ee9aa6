"""Bundles of small modules with given weights, for pictures of bytes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from convscope import program
from convscope.bundle import PROGRAM, Bundle
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.data.input_preprocessing import InputPreprocessing
from convscope.graph.module import state_arrays
from convscope.graph.tracing import trace

CLASSES = ("ant", "bee", "cat", "dog")


def bundle_of(module: nn.Module, *shape: int, classes: tuple[str, ...] = CLASSES) -> Bundle:
    """The traced module; a shape of two is a signal's."""
    module.eval()
    return Bundle("tiny", classes, _preprocessing(shape), trace(module, shape), state_arrays(module))


def program_of(module: nn.Module, *shape: int, outputs: str = "logits") -> Bundle:
    """The module as a program outside the graph."""
    content = np.frombuffer(program.save(module.eval(), shape), np.uint8)
    return Bundle("tiny", CLASSES, _preprocessing(shape), None, {PROGRAM: content}, outputs)


def _preprocessing(shape: tuple[int, ...]) -> InputPreprocessing:
    if len(shape) == 2:
        return ArrayPreprocessing(shape=(shape[0], shape[1]))
    return Preprocessing(channels=shape[0], height=shape[1], width=shape[2])  # type: ignore[arg-type]


def seeded(module: nn.Module, seed: int = 0) -> nn.Module:
    """Weights drawn from the seed, larger than PyTorch's, so that classes differ."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in module.parameters():
            weight.copy_(0.4 * torch.randn(weight.shape, generator=generator))
    return module.eval()


def picture_of(channels: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    """Bright noise on a ground of 20, as it is stored: uint8 (H, W, C)."""
    picture = np.full((height, width, channels), 20, np.uint8)
    inner = picture[1:-1, 1:-1]
    inner[:] = np.random.default_rng(seed).integers(60, 256, inner.shape)
    return picture


def batch_of(picture: np.ndarray) -> Tensor:
    """What the network sees of it."""
    return torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float32)) / 255
