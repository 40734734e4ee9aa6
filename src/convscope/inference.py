"""Pictures through a network, many at a time: the forward pass that training and bundles share."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from .data import Preprocessing

BATCH_SIZE = 256


def logits(
    module: nn.Module, preprocessing: Preprocessing, images: np.ndarray, *, device: str = "cpu"
) -> np.ndarray:
    """uint8 (N, H, W, C) through a module in eval mode → float32 (N, classes)."""
    parts = []
    with torch.inference_mode():
        for start in range(0, max(len(images), 1), BATCH_SIZE):
            batch = torch.from_numpy(preprocessing.batch(images[start : start + BATCH_SIZE])).to(device)
            parts.append(module(batch).float().cpu().numpy())
    return np.concatenate(parts)
