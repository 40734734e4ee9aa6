"""What is to be trained: a network of the catalogue, a class in a file, or a module at hand."""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
import sysconfig
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import nets
from ..errors import (
    ConvscopeError,
    ConvscopeWarning,
    ShapeError,
    UnknownName,
    UnsupportedOperation,
    UsageError,
)
from ..graph import Graph, initial_weights
from ..graph.operation import Shape, spell

if TYPE_CHECKING:
    from torch import nn

#: Where code lies that is not the person's own.
INSTALLED = tuple(
    f"{folder}{os.sep}"
    for folder in (Path(__file__).parents[1], *map(sysconfig.get_path, ("stdlib", "purelib", "platlib")))
)
CLASS_COUNT_NAMES = ("num_classes", "n_classes", "classes", "nb_classes", "out_features", "num_outputs")


@dataclass(frozen=True, eq=False)
class Network:
    """A network before training: a graph with its first weights, or a module the graph cannot express.

    Such a module has a `program` instead (see `convscope.program`), which its bundles keep.
    """

    name: str
    graph: Graph | None
    weights: dict[str, np.ndarray]
    module: nn.Module | None  # it and `program` only where `graph` is None
    program: bytes | None
    parameters: int
    outputs: str  # "logits" or "probabilities"
    own: bool  # the person's own code, not the catalogue's

    def to_module(self) -> nn.Module:
        """A new `nn.Module` to train, holding the first weights."""
        import copy

        if self.graph is not None:
            return self.graph.to_module(self.weights)
        assert self.module is not None
        return copy.deepcopy(self.module)


def is_own(net: object) -> bool:
    """Whether `net` is a person's own code, and not a name of the catalogue."""
    return not isinstance(net, str) or ".py" in net


def open_network(net: Any, input_shape: Shape, classes: int, *, seed: int) -> Network:
    """The network that `net` means, for inputs of `input_shape` (C, H, W) and so many classes.

    `net` is a name of the catalogue, `file.py:Class`, an `nn.Module` class or a module. A module whose
    operations the graph cannot express is trained as it is, and a warning says so. Raises `UnknownName`,
    `ShapeError` (which layer, which size) or `ConvscopeError` where its own code fails.
    """
    if not is_own(net):
        graph = nets.graph(net, input_shape, classes)
        weights = initial_weights(graph, seed)
        return Network(net, graph, weights, None, None, graph.parameter_count, "logits", own=False)
    module = _instance(net, classes, seed)
    name = type(module).__name__
    _check_outputs(module, input_shape, classes)
    return _traced(name, module, input_shape)


def _traced(name: str, module: nn.Module, input_shape: Shape) -> Network:
    from .. import program
    from ..graph.module import state_arrays
    from ..graph.tracing import trace

    weights = state_arrays(module)
    parameters = sum(p.numel() for p in module.parameters())
    try:
        graph = trace(module, input_shape, name=name)
    except UnsupportedOperation as refusal:
        kept = program.save(module, input_shape)  # before the training, so that its result can be kept
        warnings.warn(
            ConvscopeWarning("not-in-graph", f"{refusal} Its bundle will be an exported program."),
            stacklevel=3,
        )
        return Network(name, None, weights, module, kept, parameters, "logits", own=True)
    outputs = "logits"
    if graph.ends_in_softmax:
        outputs = "probabilities"
        warnings.warn(
            ConvscopeWarning(
                "softmax-output",
                f"{name} ends in softmax, but the loss (cross-entropy) applies softmax itself: "
                "training will be slow and weak. Return the values before the softmax.",
            ),
            stacklevel=3,
        )
    first = initial_weights(graph) | {key: weights[key] for key in graph.parameters if key in weights}
    return Network(name, graph, first, None, None, graph.parameter_count, outputs, own=True)


def _check_outputs(module: nn.Module, input_shape: Shape, classes: int) -> None:
    """Run two pictures through the module: it must take them, and give a row of class scores for each."""
    import copy

    import torch

    name = type(module).__name__
    try:
        with torch.no_grad():
            result = copy.deepcopy(module).cpu().eval()(torch.zeros(2, *input_shape))
    except Exception as error:
        place = _user_line(error)
        raise ShapeError(
            f"{name} does not take pictures of {spell(input_shape)}{place}: {error}. "
            "Give the size it was written for with --size, and --channels 1 or 3."
        ) from error
    if not isinstance(result, torch.Tensor) or result.shape != (2, classes):
        got = spell(tuple(result.shape)) if isinstance(result, torch.Tensor) else type(result).__name__
        raise ShapeError(
            f"{name} should give 2×{classes} scores for 2 pictures and {classes} classes, but gives {got}. "
            "Check its last layer and the size it was written for (--size)."
        )


def _instance(net: Any, classes: int, seed: int) -> nn.Module:
    import torch
    from torch import nn

    if isinstance(net, nn.Module):
        return net
    kind = load_class(net) if isinstance(net, str) else net
    if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
        raise UsageError(f"net should be a name, file.py:Class or an nn.Module, not {net!r}.")
    accepted = inspect.signature(kind).parameters
    arguments = (
        {next(n for n in CLASS_COUNT_NAMES if n in accepted): classes}
        if (set(CLASS_COUNT_NAMES) & set(accepted))
        else {}
    )
    missing = [
        p.name
        for p in accepted.values()
        if p.default is p.empty
        and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        and p.name not in arguments
    ]
    if missing:
        raise UsageError(
            f"{kind.__name__} needs {', '.join(missing)} to be made; give these defaults, or write a class "
            f"without arguments. (One called num_classes gets the number of classes.)"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            return kind(**arguments)
        except Exception as error:
            raise ConvscopeError(f"{kind.__name__}() fails{_user_line(error)}: {error}") from error


def load_class(spec: str) -> Any:
    """The class that `file.py:Class` means; the file is run once, as `import` would.

    Without `:Class` it is the one module class that the file defines.
    """
    from torch import nn

    file, _, name = spec.rpartition(":") if ".py:" in spec else (spec, "", "")
    module = _run(Path(file))
    found = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == module.__name__
    }
    if name:
        if name not in found:
            raise UnknownName("class", name, found, f"{file} should define it as a subclass of nn.Module.")
        return found[name]
    if len(found) != 1:
        names = ", ".join(found) or "none"
        raise UsageError(f"{file} should define one network, it defines {names}; say which: {file}:Class.")
    return next(iter(found.values()))


def _run(path: Path) -> ModuleType:
    if not path.is_file() or path.suffix != ".py":
        raise ConvscopeError(
            f"there is no Python file {path}; --net takes file.py:Class or a name (`convscope nets`)."
        )
    name = f"convscope_network_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))  # it may import its neighbours
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ConvscopeError(
            f"{path} cannot be run{_user_line(error)}: {type(error).__name__}: {error}"
        ) from error
    finally:
        sys.path.pop(0)
    return module


def _user_line(error: BaseException) -> str:
    """Where in the person's own code an error came from, as ` (file.py, line 7)`."""
    if isinstance(error, SyntaxError):
        return f" ({Path(error.filename or '').name}, line {error.lineno})"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(("<", *INSTALLED)):
            return f" ({Path(frame.filename).name}, line {frame.lineno})"
    return ""
