"""A person's own network: the class in their file, made, run once, and what is wrong with it said plainly."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from ..errors import ConvscopeError, UnknownName, UsageError
from ..graph.operation import Shape
from ..traced import check_scores
from ..user_code import user_line

CLASS_COUNT_NAMES = ("num_classes", "n_classes", "classes", "nb_classes", "out_features", "num_outputs")


def own_module(net: Any, input_shape: Shape, classes: int, *, seed: int) -> nn.Module:
    """The module that `net` means, `file.py:Name`, a module class or a module, tried on two empty pictures.

    Raises `ConvscopeError` naming the person's own line where their code fails, `ShapeError` where it
    does not take such pictures or does not give a score per class.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = _made(load_file(net) if isinstance(net, str) else net, classes)
        check_scores(module, input_shape, classes)
    return module


def load_file(spec: str) -> Any:
    """The network that `file.py:Name` means, a class or a module; the file is run once, as `import` would.

    Without `:Name` it is the one module class that the file defines.
    """
    file, _, name = spec.rpartition(":") if ".py:" in spec else (spec, "", "")
    module = _run(Path(file))
    classes = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == module.__name__
    }
    modules = {key: value for key, value in vars(module).items() if isinstance(value, nn.Module)}
    if not name:
        if len(classes) != 1:
            names = ", ".join([*classes, *modules]) or "none"
            raise UsageError(
                f"{file} should define one network, it defines {names}; say which: {file}:Class."
            )
        return next(iter(classes.values()))
    found = {**classes, **modules}
    if name in found:
        return found[name]
    if name in vars(module):
        raise UsageError(f"{name} in {file} is no network: --net takes a subclass of nn.Module, or a module.")
    if not found:
        raise UsageError(f"{file} defines no network; it should hold a subclass of nn.Module called {name}.")
    raise UnknownName("class", name, found, f"{file} should define it as a subclass of nn.Module.")


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
            f"{path} cannot be run{user_line(error)}: {type(error).__name__}: {error}"
        ) from error
    finally:
        sys.path.pop(0)
    return module


def _made(kind: Any, classes: int) -> nn.Module:
    """An instance, with the number of classes where the constructor asks for it by a usual name."""
    if isinstance(kind, nn.Module):
        return kind
    if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
        raise UsageError(f"net should be a name, file.py:Class or an nn.Module, not {kind!r}.")
    accepted = inspect.signature(kind).parameters
    arguments = dict.fromkeys([n for n in CLASS_COUNT_NAMES if n in accepted][:1], classes)
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
            "without arguments. (One called num_classes gets the number of classes.)"
        )
    try:
        module = kind(**arguments)
    except Exception as error:
        raise ConvscopeError(f"{kind.__name__}() fails{user_line(error)}: {error}") from error
    if "_parameters" not in vars(module):
        raise ConvscopeError(f"{kind.__name__} is not made whole: __init__ should call super().__init__().")
    return module
