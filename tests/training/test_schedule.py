"""The learning rates, against PyTorch's own schedulers."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from convscope.training.schedule import learning_rates


def rates_of(make: Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler], steps: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # stepping past the end, and before the optimiser
        scheduler = make(optimizer)
        rates = []
        for _ in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if len(rates) < steps:
                scheduler.step()
    return rates


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 7, 10, 33, 100, 1001])
def test_one_cycle_is_that_of_torch(steps: int) -> None:
    expected = rates_of(
        lambda optimizer: lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=0.3,
            total_steps=steps,
            pct_start=0.3,
            div_factor=25,
            final_div_factor=1e4,
            cycle_momentum=False,
        ),
        steps,
    )
    np.testing.assert_allclose(learning_rates("one-cycle", 0.3, steps), expected, rtol=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 100])
def test_cosine_is_that_of_torch(steps: int) -> None:
    expected = rates_of(lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps), steps)
    np.testing.assert_allclose(learning_rates("cosine", 0.3, steps), expected, rtol=1e-9)


def test_constant_stays() -> None:
    assert learning_rates("constant", 0.3, 4).tolist() == [0.3] * 4


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one-cycle"])
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
def test_few_steps_have_positive_rates(schedule: str, steps: int) -> None:
    rates = learning_rates(schedule, 0.3, steps)
    assert rates.shape == (steps,)
    assert np.isfinite(rates).all()
    assert (rates > 0).all()
    assert (rates <= 0.3).all()
