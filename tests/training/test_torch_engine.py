"""The torch engine, against a plain training loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope import nets
from convscope.errors import UsageError
from convscope.graph import Builder, Graph
from convscope.recipe import Recipe
from convscope.training.batches import shuffled_batches
from convscope.training.engines.torch_engine import TorchEngine, check_device, default_threads

from .conftest import make_dataset

RATES = [0.05, 0.02, 0.03, 0.01, 0.04, 0.02, 0.01, 0.03, 0.02, 0.01]


def small_graph(*, dropout: bool = False) -> Graph:
    b = Builder("small")
    x = b.input(1, 6, 6)
    x = b.max_pool(b.relu(b.batch_norm(b.conv2d(x, 4, kernel_size=3, padding=1, bias=False))), 2)
    x = b.relu(b.linear(b.flatten(x), 8))
    if dropout:
        x = b.dropout(x, 0.5)
    return b.build(b.linear(x, 3))


class Plain(nn.Module):
    """The same network, written by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            1, 4, 3, padding=1, bias=False
        )  # Adam would turn the noise of a bias into steps
        self.norm1 = nn.BatchNorm2d(4)
        self.linear1 = nn.Linear(36, 8)
        self.linear2 = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(F.relu(self.norm1(self.conv1(x))), 2)
        return self.linear2(F.relu(self.linear1(x.flatten(1))))


def recipe_of(**settings: Any) -> Recipe:
    return Recipe.of(**{"lr": 0.1, "weight_decay": 0.0, "batch_size": 8, "seed": 3, **settings})


def ten_batches() -> list[np.ndarray]:
    """Seven batches of an epoch of 50, the last one of 2, and three of the next."""
    return [*shuffled_batches(50, 8, 0, 1), *shuffled_batches(50, 8, 0, 2)[:3]]


@pytest.mark.parametrize(
    ("settings", "optimizer"),
    [
        (
            {"optimizer": "sgd", "momentum": 0.8, "weight_decay": 0.01},
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, weight_decay=0.01),
        ),
        (
            {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        ),
        ({"optimizer": "adam", "weight_decay": 0.02}, lambda p: torch.optim.Adam(p, weight_decay=0.02)),
        ({"optimizer": "adamw", "weight_decay": 0.05}, lambda p: torch.optim.AdamW(p, weight_decay=0.05)),
        (
            {"optimizer": "sgd", "label_smoothing": 0.2, "clip_norm": 0.5},
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
        ),
    ],
)
def test_ten_steps_are_those_of_a_plain_loop(settings: dict[str, Any], optimizer: Any) -> None:
    dataset, recipe = make_dataset(), recipe_of(**settings)
    engine = TorchEngine(small_graph().to_module(seed=1), dataset, recipe)
    plain = Plain()
    plain.load_state_dict({name: torch.from_numpy(value) for name, value in engine.weights().items()})
    batches = ten_batches()
    figures = list(engine.train(batches, RATES, epoch=1, first_step=0))

    rule = optimizer(plain.parameters())
    losses, correct = [], 0
    plain.train()
    for positions, rate in zip(batches, RATES, strict=True):
        pictures = dataset.train.images[positions].astype(np.float64) / 255
        batch = torch.from_numpy(((pictures - 0.3) / 0.2).transpose(0, 3, 1, 2).astype(np.float32))
        labels = torch.from_numpy(dataset.train.labels[positions])
        rule.param_groups[0]["lr"] = rate
        rule.zero_grad()
        logits = plain(batch)
        loss = F.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
        loss.backward()
        if recipe.clip_norm:
            nn.utils.clip_grad_norm_(plain.parameters(), recipe.clip_norm)
        rule.step()
        losses.append(loss.item())
        correct += int((logits.argmax(1) == labels).sum())

    expected = {name: value.numpy() for name, value in plain.state_dict().items()}
    assert engine.weights().keys() == expected.keys()
    for name, value in engine.weights().items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-4, atol=2e-6, err_msg=name)
    assert sum(part.pictures for part in figures) == 50 + 24
    np.testing.assert_allclose(np.concatenate([part.losses for part in figures]), losses, rtol=1e-5)
    assert sum(part.correct for part in figures) == correct
    assert engine.weights()["norm1.num_batches_tracked"] == 10

    pictures = dataset.validation.images.astype(np.float64) / 255
    batch = torch.from_numpy(((pictures - 0.3) / 0.2).transpose(0, 3, 1, 2).astype(np.float32))
    with torch.no_grad():
        outputs = plain.eval()(batch).numpy()
    np.testing.assert_allclose(engine.logits(dataset.validation.images), outputs, rtol=1e-3, atol=1e-4)


def test_figures_come_in_parts_and_number_on() -> None:
    dataset = make_dataset()
    engine = TorchEngine(small_graph().to_module(seed=1), dataset, recipe_of())
    batches = shuffled_batches(50, 1, 0, 1)
    parts = list(engine.train(batches, [0.01] * 50, epoch=1, first_step=0))
    assert [len(part.losses) for part in parts[:3]] == [1, 4, 16]
    assert sum(len(part.losses) for part in parts) == 50


def test_dropout_depends_on_seed_epoch_and_step_alone() -> None:
    dataset = make_dataset()
    batches = ten_batches()

    def trained(cuts: list[int], seed: int = 3, epoch: int = 2) -> dict[str, np.ndarray]:
        engine = TorchEngine(small_graph(dropout=True).to_module(seed=1), dataset, recipe_of(seed=seed))
        for start, end in zip([0, *cuts], [*cuts, 10], strict=True):
            torch.rand(start + 1)  # whatever else draws random numbers in between
            steps = engine.train(batches[start:end], RATES[start:end], epoch=epoch, first_step=start)
            assert sum(len(part.losses) for part in steps) == end - start
        return engine.weights()

    whole = trained([])
    for cuts in ([1], [3, 4, 9]):
        for name, value in trained(cuts).items():
            np.testing.assert_array_equal(value, whole[name])
    assert (trained([], seed=4)["conv1.weight"] != whole["conv1.weight"]).any()
    assert (trained([], epoch=3)["conv1.weight"] != whole["conv1.weight"]).any()


def test_the_random_numbers_of_others_are_untouched() -> None:
    engine = TorchEngine(small_graph(dropout=True).to_module(seed=1), make_dataset(), recipe_of())
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
    engine.logits(make_dataset().train.images)
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_before)


def test_evaluation_changes_nothing() -> None:
    engine = TorchEngine(small_graph(dropout=True).to_module(seed=1), make_dataset(), recipe_of())
    before = engine.weights()
    first = engine.logits(make_dataset().train.images)
    np.testing.assert_array_equal(engine.logits(make_dataset().train.images), first)
    for name, value in engine.weights().items():
        np.testing.assert_array_equal(value, before[name])


def test_frozen_parameters_stay() -> None:
    module = small_graph().to_module(seed=1)
    module.conv1.weight.requires_grad_(False)
    engine = TorchEngine(module, make_dataset(), recipe_of(optimizer="adamw", weight_decay=0.1))
    before = engine.weights()
    list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
    after = engine.weights()
    np.testing.assert_array_equal(after["conv1.weight"], before["conv1.weight"])
    assert (after["linear1.weight"] != before["linear1.weight"]).any()


def test_a_network_without_parameters_is_refused() -> None:
    with pytest.raises(UsageError, match="no parameters to train"):
        TorchEngine(nn.Flatten(), make_dataset(), recipe_of())


def test_weights_are_copies_that_can_be_put_back() -> None:
    engine = TorchEngine(small_graph().to_module(seed=1), make_dataset(), recipe_of())
    before = engine.weights()
    kept = {name: value.copy() for name, value in before.items()}
    list(engine.train(ten_batches(), RATES, epoch=1, first_step=0))
    for name, value in before.items():
        np.testing.assert_array_equal(value, kept[name])
    engine.set_weights(before)
    for name, value in engine.weights().items():
        np.testing.assert_array_equal(value, kept[name])


def test_bfloat16_comes_near_float32() -> None:
    losses = {}
    for precision in ("float32", "bfloat16"):
        engine = TorchEngine(small_graph().to_module(seed=1), make_dataset(), recipe_of(precision=precision))
        figures = engine.train(ten_batches()[:3], RATES[:3], epoch=1, first_step=0)
        losses[precision] = np.mean(np.concatenate([part.losses for part in figures]))
        assert all(value.dtype in (np.float32, np.int64) for value in engine.weights().values())
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.03)
    assert losses["bfloat16"] != losses["float32"]


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_on_a_device_become_the_same_bits(channels: int) -> None:
    dataset = make_dataset(channels=channels)
    module = nn.Sequential(nn.Flatten(), nn.Linear(36 * channels, 3))
    engine = TorchEngine(module, dataset, recipe_of())
    positions = np.array([4, 0, 9, 31])
    expected = dataset.preprocessing.batch(dataset.train.images[positions])
    np.testing.assert_array_equal(engine._batch(torch.from_numpy(positions), 1).numpy(), expected)
    engine.images = torch.from_numpy(dataset.train.images)  # as where the device is not the CPU
    np.testing.assert_array_equal(engine._batch(torch.from_numpy(positions), 1).numpy(), expected)


def test_a_device_that_is_not_there_is_refused() -> None:
    assert check_device("cpu") == "cpu"
    for device, there in {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }.items():
        if not there:
            with pytest.raises(UsageError, match=f"--device {device} is not available here.*cpu"):
                check_device(device)


def test_the_seed_may_be_large() -> None:
    engine = TorchEngine(small_graph(dropout=True).to_module(), make_dataset(), recipe_of(seed=2**63))
    list(engine.train(ten_batches()[:1], [0.1], epoch=1, first_step=0))


def test_a_single_picture_left_over_suits_batch_norm() -> None:
    builder = Builder("flat")
    x = builder.batch_norm(builder.flatten(builder.input(1, 6, 6)))  # PyTorch refuses one picture here
    dataset = make_dataset(train=9)
    engine = TorchEngine(builder.build(builder.linear(x, 3)).to_module(), dataset, recipe_of())
    batches = shuffled_batches(9, 4, seed=0, epoch=1)
    parts = list(engine.train(batches, [0.01] * len(batches), epoch=1, first_step=0))
    assert sum(part.pictures for part in parts) == 9


def test_threads_are_those_of_before_when_steps_are_done() -> None:
    before = torch.get_num_threads()
    dataset = make_dataset()
    engine = TorchEngine(small_graph().to_module(), dataset, recipe_of(threads=before + 1))
    engine.logits(dataset.train.images)
    list(engine.train(shuffled_batches(len(dataset.train), 8, 0, 1)[:1], [0.01], epoch=1, first_step=0))
    assert torch.get_num_threads() == before


def test_small_networks_get_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert default_threads(nets.graph("simple-cnn-4-8"), 64) == 1  # 61,184 MACs a picture
    assert default_threads(nets.graph("convnet-bn"), 64) == 2  # 2,838,080
    assert default_threads(None, 64) == 2
