"""The command line's frame: one application, and how a function becomes a command of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperGroup

from ..errors import UnknownName


class Group(TyperGroup):
    """Commands of which an unknown one is refused as every unknown name is."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.commands:
            raise UnknownName("command", args[0], self.commands)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Group,
    name="convscope",
    help="See, train, look into and ship convolutional neural networks.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def command(name: str, *, of: typer.Typer = app) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as `convscope <name>`; `of` is the group where it is a command of a command.

    Typer only reads its arguments and returns the call, so that what happens in it is not typer's to handle.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def read(**arguments: Any) -> Callable[[], None]:
            return functools.partial(function, **arguments)

        of.command(name)(read)
        return function

    return register


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"convscope {version('convscope')}")
        raise typer.Exit


@app.callback(epilog="convscope COMMAND --help says more; --debug anywhere shows tracebacks.")
def _convscope(
    version: bool = typer.Option(
        False, "--version", help="Print the version and leave.", callback=_print_version, is_eager=True
    ),
) -> None:
    """The options that stand before a command."""
