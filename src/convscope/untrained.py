"""Networks of the catalogue with the weights that a training begins with, by a name: untrained:lenet-5."""

from __future__ import annotations

import difflib
import os
import re
import shlex
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from .columns import shortened
from .errors import QUOTED, ConvscopeWarning, UsageError

if TYPE_CHECKING:
    from .bundle import Bundle
    from .graph import Graph

PREFIX = "untrained:"
SEED = 0
CLASSES = 10
CODE = "untrained"  # in a bundle's `info`, and of the warning
FORM = "untrained:NET, or untrained:NET:1x28x28:10 with the shape of an input and how many classes"


def is_untrained(model: str | os.PathLike[str]) -> bool:
    """Whether a model's name means a network that was never trained; a file or a run of that name is itself.

    >>> is_untrained("untrained:lenet-5"), is_untrained("starter")
    (True, False)
    """
    is_there = os.path.exists(model)  # noqa: PTH110 (false where no file can be called so)
    return os.fspath(model).startswith(PREFIX) and not is_there


def untrained(model: str) -> Bundle:
    """The bundle of `untrained:NET`, `untrained:NET:SHAPE` or `untrained:NET:SHAPE:CLASSES`.

    Its weights are `graph.initial_weights` with seed 0, its classes are "0", "1", ... Raises `UnknownName`
    for a network that is not in the catalogue, `UsageError` for another form, `ShapeError` where the network
    does not take such inputs.

    >>> untrained("untrained:simple-cnn-4-8:1x16x16:3")
    Bundle('simple-cnn-4-8', 3 classes, pictures of (1, 16, 16))
    """
    from pydantic import ValidationError

    from .bundle import Bundle
    from .data import Preprocessing
    from .data.arrays import ArrayPreprocessing
    from .graph import initial_weights
    from .versions import machine, versions
    from .wrong_value import wanted

    graph = untrained_graph(model)
    shape, classes = graph.input_shape, graph.output_shape[0]
    try:
        preprocessing = (
            Preprocessing(height=shape[1], width=shape[2], channels=1 if shape[0] == 1 else 3)
            if len(shape) == 3 and shape[0] in (1, 3)
            else ArrayPreprocessing(shape=shape)
        )
    except ValidationError as error:
        problem = error.errors()[0]
        setting = " ".join([*map(str, problem["loc"]), wanted(problem)])
        raise UsageError(f"{_quoted(model)}: {setting}.") from error
    info = {CODE: True, "parameters": graph.parameter_count, "versions": versions(), "machine": machine()}
    names = tuple(map(str, range(classes)))
    return Bundle(graph.name, names, preprocessing, graph, initial_weights(graph, SEED), info=info)


def untrained_graph(model: str) -> Graph:
    """The graph of that bundle, whose weights, however many, are not made; raises what `untrained` does.

    >>> untrained_graph("untrained:lenet-5").parameter_count
    61706
    """
    from . import nets

    name, *settings = model.removeprefix(PREFIX).split(":")
    shape = _shape(model, settings[0]) if settings else nets.net(name).input_shape
    classes = _classes(model, settings[1]) if len(settings) > 1 else CLASSES
    if len(settings) > 2:
        raise UsageError(f"{_quoted(model)} should be {FORM}.")
    return nets.graph(name, shape, classes)


def warn_if_untrained(bundle: Bundle, *, stacklevel: int = 2) -> None:
    """A `ConvscopeWarning` where what the bundle says means nothing."""
    if bundle.info.get(CODE):
        sentence = f"{bundle.net} is untrained: its weights are random, and so is what it says."
        warnings.warn(ConvscopeWarning(CODE, sentence), stacklevel=stacklevel + 1)


def untrained_like(path: Path) -> Path | None:
    """The name that was meant, where only the first word is mistyped, or left out.

    >>> untrained_like(Path("untraind:lenet-5")), untrained_like(Path("ResNet18"))
    (PosixPath('untrained:lenet-5'), PosixPath('untrained:resnet-18'))
    """
    from . import nets

    word, colon, rest = str(path).partition(":")
    for net in nets.names():
        if _letters(word) == _letters(net):
            return Path(f"{PREFIX}{net}{colon}{rest}")
    near = difflib.get_close_matches(f"{word}{colon}", [PREFIX], n=1, cutoff=0.7)
    return Path(f"{PREFIX}{rest}") if near and colon else None


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _shape(model: str, text: str) -> tuple[int, int] | tuple[int, int, int]:
    written = re.fullmatch(r"[1-9]\d{0,5}([x×,][1-9]\d{0,5})+", text)
    numbers = tuple(map(int, re.split("[x×,]", text))) if written else ()
    if len(numbers) == 2:
        return numbers[0], numbers[1]
    if len(numbers) == 3:
        return numbers[0], numbers[1], numbers[2]
    raise UsageError(
        f"{_quoted(model)}: {shortened(text, QUOTED)!r} is no shape of an input, such as 1x28x28. "
        f"Write {FORM}."
    )


def _classes(model: str, text: str) -> int:
    if re.fullmatch(r"[1-9]\d{0,5}", text) and int(text) > 1:
        return int(text)
    raise UsageError(
        f"{_quoted(model)}: {shortened(text, QUOTED)!r} is no number of classes, from 2. Write {FORM}."
    )


def _quoted(model: str) -> str:
    return shlex.quote(shortened(model, QUOTED))
