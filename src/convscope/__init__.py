"""See, train, look into and ship convolutional neural networks.

    import convscope

    run = convscope.train("digits")
    run.bundle.predict("digit.png")
    print(convscope.summary("convnet-bn", (1, 28, 28)))

Everything is imported when it is first used, so that what needs no torch does not wait for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .api import evaluate, predict, predict_each, summary
    from .bundle import Bundle
    from .errors import ConvscopeError
    from .graph import Builder, Graph
    from .graph.tracing import trace
    from .prediction import Prediction
    from .prediction.results.writing import predict_to
    from .recipe import Recipe
    from .runs.run import Run
    from .runs.seed_runs import SeedRuns
    from .ship.exporting import export
    from .training.estimator.classifier import CNNClassifier
    from .training.pipeline import train
    from .training.seeds import train_seeds
    from .training.suspects.search import find_suspects

_HOMES = {
    "train": "training.pipeline",
    "train_seeds": "training.seeds",
    "Run": "runs.run",
    "SeedRuns": "runs.seed_runs",
    "Recipe": "recipe",
    "CNNClassifier": "training.estimator.classifier",
    "find_suspects": "training.suspects.search",
    "evaluate": "api",
    "predict": "api",
    "predict_each": "api",
    "predict_to": "prediction.results.writing",
    "summary": "api",
    "export": "ship.exporting",
    "Bundle": "bundle",
    "Prediction": "prediction",
    "Builder": "graph",
    "Graph": "graph",
    "trace": "graph.tracing",
    "ConvscopeError": "errors",
}
_MODULES = (
    "data",
    "errors",
    "exercise",
    "graph",
    "lanes",
    "look",
    "nets",
    "ops",
    "report",
    "ship",
    "training",
    "widgets",
)

__all__ = [
    "train",
    "train_seeds",
    "evaluate",
    "predict",
    "predict_each",
    "predict_to",
    "summary",
    "export",
    "trace",
    "Bundle",
    "Prediction",
    "Builder",
    "Graph",
    "Recipe",
    "Run",
    "SeedRuns",
    "CNNClassifier",
    "find_suspects",
    "ConvscopeError",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("convscope")
    if name in _HOMES:
        value: object = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES, "__version__"])
