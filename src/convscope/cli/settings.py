"""The settings of a recipe as flags: names, choices, defaults and help come from `Recipe` itself."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Collection
from typing import Annotated, Any, Literal, get_args, get_origin

import typer

from ..errors import UsageError
from ..recipe import Recipe, flag
from .options import sizes

# the first of each panel
PANELS = {
    "data_dir": "Data",
    "net": "Network",
    "augment": "Augmentation",
    "epochs": "Optimisation",
    "seed": "Machine",
}
# how what is not given is chosen when a run starts, in `training/prepare.py`
CHOSEN = {
    "epochs": "about 4,000 steps, 5 to 20",
    "lr": "adam 0.005, sgd 0.1; constant: 0.001, 0.01",
    "weight_decay": "adamw 0.01, else 0",
    "net": "convnet-bn for small grey pictures, else resnet-8",
}


def with_settings(
    *, panels: Collection[str] | None = None, also: Collection[str] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a flag per field of `Recipe` to a command that takes `**settings`.

    With `panels` it is only the fields of these panels, and those named in `also`. A flag that is not given
    is not in `settings`, so that a recipe file's value stays.
    """

    def decorated(function: Callable[..., None]) -> Callable[..., None]:
        return _with_flags(function, panels, also)

    return decorated


def _with_flags(
    function: Callable[..., None], panels: Collection[str] | None, also: Collection[str]
) -> Callable[..., None]:
    own = inspect.signature(function, eval_str=True)
    fixed = [p for p in own.parameters.values() if p.kind is not p.VAR_KEYWORD]
    flags, panel = [], ""
    for name, field in Recipe.model_fields.items():
        panel = PANELS.get(name, panel)
        if name in own.parameters or name == "data":
            continue
        if panels is not None and panel not in panels and name not in also:
            continue
        help_text = field.description or ""
        is_switch = bool in (field.annotation, *get_args(field.annotation))
        if name in CHOSEN:
            help_text += f" (chosen: {CHOSEN[name]})"
        elif field.default is not None and not is_switch:
            help_text += f" ({field.default})"
        choices = _choices(field.annotation)
        kind: Any = type(choices[0]) if choices else str if name == "size" else field.annotation
        words = [*map(str, choices)]
        names = f"{flag(name)}/{flag('no_' + name)}" if is_switch else flag(name)
        option = typer.Option(
            names,
            help=help_text,
            rich_help_panel=panel,
            show_default=False,
            metavar=f"<{'|'.join(words)}>" if words else None,
            autocompletion=words.copy if words else None,
        )
        flags.append(
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
            )
        )

    def run(**arguments: Any) -> None:
        settings = {parameter.name: arguments.pop(parameter.name) for parameter in flags}
        given = {name: value for name, value in settings.items() if value is not None}
        if "size" in given:
            given["size"] = parse_size(given["size"])
        function(**arguments, **given)

    run.__doc__ = function.__doc__
    run.__signature__ = inspect.Signature([*fixed, *flags])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in [*fixed, *flags]}
    return run


def _choices(annotation: Any) -> list[Any]:
    """The values that a field takes, none where it takes whatever is of its type.

    >>> _choices(Recipe.model_fields["resize"].annotation), _choices(int | None)
    (['fit', 'crop', 'stretch'], [])
    """
    for part in (annotation, *get_args(annotation)):
        if get_origin(part) is Literal:
            return [*get_args(part)]
    return []


def parse_size(text: str) -> int | tuple[int, int]:
    """`64` or `48x64` (height x width).

    >>> parse_size("64"), parse_size("48x64")
    (64, (48, 64))
    """
    size = sizes(text)
    if size is None or len(size) > 2:
        raise UsageError(
            f"--size {shlex.quote(text)} should be a side such as 64, or height and width such as 48x64."
        )
    return size[0] if len(size) == 1 else (size[0], size[1])
