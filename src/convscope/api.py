"""The functions a person calls from Python for what the command line does by name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import nets
from .bundle import Bundle, is_starter
from .data import Source
from .errors import ConvscopeError, UsageError
from .graph import Graph, Summary, summarize
from .metrics import Evaluation
from .prediction import Picture, Prediction
from .training.network import is_own
from .untrained import is_untrained

if TYPE_CHECKING:
    from torch import nn

    from .training.progress import Progress


def summary(
    net: str | os.PathLike[str] | Graph | Bundle | nn.Module,
    input_shape: Sequence[int] | None = None,
    *,
    classes: int = 10,
) -> Summary:
    """Layers, shapes, parameters, MACs, memory and receptive fields of a network.

    `net` is a name of the catalogue, `file.py:Class`, a module, a graph, a bundle, `starter`,
    `untrained:NET`, or the path of a bundle or run. `input_shape` is (C, H, W) or (C, L) without the batch; a
    catalogue network has one of its own. Does not import torch unless a module has to be traced.

    >>> summary("simple-cnn-4-8").parameters
    2346
    """
    return summarize(graph_of(net, input_shape, classes=classes))


def graph_of(
    net: str | os.PathLike[str] | Graph | Bundle | nn.Module,
    input_shape: Sequence[int] | None = None,
    *,
    classes: int = 10,
) -> Graph:
    """The graph of what `summary` takes.

    >>> graph_of("simple-cnn-4-8").nodes[1].name
    'conv1'
    """
    if isinstance(net, Graph):
        return net
    if isinstance(net, str | os.PathLike):
        name = os.fspath(net)
        if name in nets.CATALOGUE:
            return nets.graph(name, input_shape, classes)
        comes_along = is_starter(Path(name)) or is_untrained(name)
        if not is_own(name) and (Path(name).exists() or os.sep in name or comes_along):
            net = Bundle.load(name)
        elif not is_own(name):
            nets.net(name)  # says which names there are
    if isinstance(net, Bundle):
        if net.graph is None:
            raise ConvscopeError(f"{net.net} is not in convscope's graph, so its layers are not known.")
        return net.graph
    if input_shape is None:
        raise UsageError("the shape of one input is needed: --input 1x28x28, or input_shape=(1, 28, 28).")
    from .graph.tracing import trace
    from .training.own_network import own_module

    shape = tuple(input_shape)
    return trace(own_module(net, shape, classes, seed=0), shape)


def predict(
    model: str | os.PathLike[str] | Bundle,
    pictures: Picture | Iterable[Picture],
    *,
    top: int = 3,
    unsure: float | None = None,
) -> list[Prediction]:
    """Classify pictures with a run, a bundle file, `starter` or a `Bundle`; see `Bundle.predict`."""
    bundle = model if isinstance(model, Bundle) else Bundle.load(model)
    return bundle.predict(pictures, top=top, unsure=unsure)


def predict_each(
    model: str | os.PathLike[str] | Bundle,
    pictures: Picture | Iterable[Picture],
    *,
    top: int = 3,
    unsure: float | None = None,
) -> Iterator[Prediction]:
    """What `predict` gives, one after the other, of any number of pictures; see `Bundle.predict_each`.

    >>> import numpy as np
    >>> from convscope.data import Preprocessing
    >>> from convscope.graph.weights import initial_weights
    >>> graph = nets.graph("simple-cnn-4-8")
    >>> preprocessing = Preprocessing(height=28, width=28, channels=1)
    >>> bundle = Bundle("simple-cnn-4-8", tuple("0123456789"), preprocessing, graph, initial_weights(graph))
    >>> next(predict_each(bundle, [np.zeros((28, 28), np.uint8), "missing.png"])).error is None
    True
    """
    bundle = model if isinstance(model, Bundle) else Bundle.load(model)
    return bundle.predict_each(pictures, top=top, unsure=unsure)


def evaluate(
    model: str | os.PathLike[str] | Bundle,
    data: str | Source | None = None,
    *,
    progress: Progress | None = None,
    **settings: Any,
) -> Evaluation:
    """Figures of a bundle on the test pictures of its own data, or of another data set.

    The data is opened and split as in the bundle's recipe; `settings` (such as `data_dir`) replace fields
    of it. Raises `ConvscopeError` where the data's classes are not the bundle's.
    """
    from .training.evaluation import evaluate_bundle

    bundle = model if isinstance(model, Bundle) else Bundle.load(model)
    return evaluate_bundle(bundle, data, progress=progress, **settings)[0]
