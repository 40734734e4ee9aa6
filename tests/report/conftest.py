"""Reports to draw, of any number of classes, with and without validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from convscope import nets
from convscope.calibration import calibration
from convscope.graph import initial_weights
from convscope.metrics import EpochFigures, evaluate, probabilities
from convscope.report import Answer, Report, feature_maps, first_filters, select

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
    shares = probabilities(logits)
    pictures = rng.integers(0, 256, (count, 28, 28, channels), dtype=np.uint8)

    def answer(i: int) -> Answer:
        return Answer(
            record=pictures[i],
            name=f"pictures/{i:05d}.png",
            truth=classes[labels[i]],
            said=[(classes[k], float(shares[i, k])) for k in np.argsort(-shares[i])[:3]],
            truth_probability=float(shares[i, labels[i]]),
        )

    graph = nets.graph("convnet-bn", (channels, 28, 28), max(len(classes), 2))
    weights = initial_weights(graph)
    batch = np.float32(pictures[:1].transpose(0, 3, 1, 2) / 255)
    parts = np.array_split(labels, 3)
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
                0.01 / epoch,
            )
            for epoch in range(1, epochs + 1)
        ],
        "best_epoch": epochs if validation and epochs else None,
        "evaluation": evaluate(logits, labels, classes, split=split),
        "classes": classes,
        "calibration": calibration(shares, labels),
        "filters": first_filters(graph, weights),
        "feature_maps": feature_maps(graph, weights, batch, answer(0)),
        "summary_text": "conv1   16 × 28 × 28   1,520",
        "recipe": {"batch_size": 64, "optimizer": {"name": "sgd"}},
        "versions": {"convscope": "0.1.0"},
        "machine": {"processor": "an abacus"},
        "counts": {
            name: np.bincount(part, minlength=len(classes)).tolist()
            for name, part in zip(("train", "validation", "test"), parts, strict=True)
        },
        "checksum": "0123456789abcdef" * 4,
        "notes": [],
        "answers": [answer(int(i)) for i in select(shares, labels, 5000)],
    }
    return Report(**(content | others))


@pytest.fixture(name="make_report")
def _make_report() -> MakeReport:
    return make_report
