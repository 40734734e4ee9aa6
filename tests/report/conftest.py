"""Reports to draw, of any number of classes, with and without validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from convscope.metrics import EpochFigures, evaluate, probabilities
from convscope.report import Mistake, Report

MakeReport = Callable[..., Report]


def make_report(
    classes: Sequence[str] = ("cat", "dog"),
    *,
    count: int = 60,
    epochs: int = 3,
    validation: bool = True,
    split: str = "test",
    skill: float = 2.0,
    channels: int = 1,
    **others: Any,
) -> Report:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, len(classes), count)
    logits = rng.normal(size=(count, len(classes))).astype(np.float32)
    logits[np.arange(count), labels] += skill
    guesses, shares = logits.argmax(axis=1), probabilities(logits).max(axis=1)
    mistakes = [
        Mistake(
            rng.integers(0, 256, (8, 8, channels), dtype=np.uint8),
            classes[labels[i]],
            classes[guesses[i]],
            float(shares[i]),
            f"pictures/{i:05d}.png",
        )
        for i in np.flatnonzero(guesses != labels)
    ]
    content: dict[str, Any] = {
        "title": "digits-convnet-bn",
        "net": "convnet-bn",
        "data": "digits",
        "engine": "torch",
        "parameters": 61_706,
        "seconds": 12.34,
        "epochs": [
            EpochFigures(
                epoch,
                2.0 / epoch,
                1 - 0.5 / epoch,
                2.125 / epoch if validation else None,
                1 - 0.625 / epoch if validation else None,
                0.5,
            )
            for epoch in range(1, epochs + 1)
        ],
        "best_epoch": epochs if validation and epochs else None,
        "evaluation": evaluate(logits, labels, classes, split=split),
        "classes": classes,
        "summary_text": "conv1   16 × 28 × 28   1,520",
        "recipe": {"batch_size": 64, "optimizer": {"name": "sgd"}},
        "versions": {"convscope": "0.1.0"},
        "notes": [],
        "mistakes": mistakes,
    }
    return Report(**(content | others))


@pytest.fixture(name="make_report")
def _make_report() -> MakeReport:
    return make_report
