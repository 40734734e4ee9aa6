"""Mixed pictures on the native engine: λ CE(y₁) + (1 - λ) CE(y₂), against PyTorch in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from convscope.data.augmentation import Augmentation
from convscope.data.moving import PARTNER, SHARE, WHOLE
from convscope.graph import Builder
from convscope.lanes.network import Moves, Network, Pixels
from convscope.lanes.settings import OptimizerSettings

from ..conftest import needs_lanes
from .oracle import INSTRUCTION_SETS, assert_close, coarse_weights
from .test_loss import SETTINGS, engine_and_torch

pytestmark = needs_lanes
COUNT, CLASSES = 37, 5


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("settings", SETTINGS)
def test_loss_and_gradients(settings: str, weighted: bool) -> None:
    """The mean of both terms' PyTorch losses; weights of pictures and classes belong to the labels' terms."""
    b = Builder("smooth")
    x = b.tanh(b.conv2d(b.input(2, 6, 7), 3, kernel_size=3))
    graph = b.build(b.linear(b.flatten(x), CLASSES))
    weights = coarse_weights(graph, 1)
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (COUNT, 6, 7, 2)).astype(np.uint8)
    labels = generator.integers(0, CLASSES, COUNT)
    counts = generator.choice([0.5, 1.0, 3.0], COUNT).astype(np.float32) if weighted else None
    table = Augmentation(mixup=0.7).draw(COUNT, 6, 7, seed=4, epoch=1)
    batch = generator.permutation(COUNT)[:29]
    mine, theirs = engine_and_torch(SETTINGS[settings], CLASSES)
    of_class = torch.tensor(theirs.get("weight", [1.0] * CLASSES), dtype=torch.float64)
    if "weight" in theirs:
        theirs["weight"] = of_class

    share, partner = table[batch, SHARE] / WHOLE, table[batch, PARTNER]
    assert 0 < (share < 0.5).sum() < len(batch)
    inputs = share[:, None, None, None] * images[batch] + (1 - share)[:, None, None, None] * images[partner]
    inputs = torch.from_numpy(np.floor(inputs + 0.5).transpose(0, 3, 1, 2) / 255)
    module = graph.to_module(weights).double().train()
    outputs, total, whole = module(inputs), 0.0, 0.0
    for part, positions in ((share, batch), (1 - share, partner)):
        own = torch.from_numpy(part * (counts[positions] if weighted else 1.0))
        target = torch.from_numpy(labels[positions])
        total = total + (own * F.cross_entropy(outputs, target, reduction="none", **theirs)).sum()
        whole = whole + (own * of_class[target]).sum()
    loss = total / whole
    loss.backward()
    expected = {name: p.grad.numpy() for name, p in module.named_parameters()}
    larger = np.where(share < 0.5, labels[partner], labels[batch])
    right = int((outputs.detach().argmax(1).numpy() == larger).sum())

    for name in INSTRUCTION_SETS:
        for threads in (1, 3):
            rule = OptimizerSettings("sgd", **mine)
            network = Network(
                graph, weights, training=True, threads=threads, settings=rule, instruction_set=name
            )
            pixels = Pixels(images, np.full(2, 1 / 255, np.float32))
            losses, correct = network.train(
                pixels, labels, [batch], [0.0], moves=Moves(table), picture_weights=counts
            )
            assert losses[0] == pytest.approx(loss.item(), rel=1e-5)
            assert correct == right
            gradients = network.named(network.native.gradients)
            for parameter, gradient in expected.items():
                assert_close(gradients[parameter], gradient, f"{parameter} ({name})", allowed=1e-6)


def test_a_partner_of_no_share_changes_nothing() -> None:
    b = Builder("linear")
    graph = b.build(b.linear(b.flatten(b.input(1, 4, 4)), 3))
    weights, generator = coarse_weights(graph, 2), np.random.default_rng(1)
    pixels = Pixels(generator.integers(0, 256, (20, 4, 4, 1)).astype(np.uint8), np.ones(1, np.float32) / 255)
    labels = generator.integers(0, 3, 20)
    table = Augmentation(mixup=1.0).draw(20, 4, 4, seed=0, epoch=1)
    table[:, SHARE] = WHOLE
    found = []
    for moves in (None, Moves(table)):
        network = Network(graph, weights, training=True, threads=1, settings=OptimizerSettings("sgd"))
        losses, _ = network.train(pixels, labels, [np.arange(20)], [0.1], moves=moves)
        found.append((losses[0], network.weights()["linear1.weight"]))
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])
