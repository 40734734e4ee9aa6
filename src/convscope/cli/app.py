"""The command line's frame: one application, errors as one sentence, the right exit code."""

from __future__ import annotations

import functools
import shutil
import sys
import textwrap
import warnings
from collections.abc import Callable
from typing import Any

import typer

from ..errors import ConvscopeError, ConvscopeWarning

INTERRUPTED = 130

app = typer.Typer(
    name="convscope",
    help="See, train, look into and ship convolutional neural networks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def command(name: str, *, of: typer.Typer = app) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as `convscope <name>`; its errors become a sentence and an exit code.

    `of` is the group that it belongs to where it is a command of a command.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(**arguments: Any) -> None:
            try:
                function(**arguments)
            except ConvscopeError as error:
                if debugging():
                    raise
                complain(f"error: {error}")
                raise typer.Exit(error.exit_code) from None
            except KeyboardInterrupt:
                raise typer.Exit(INTERRUPTED) from None
            except BrokenPipeError:  # `convscope ... | head`
                sys.stderr.close()
                raise typer.Exit(0) from None
            except OSError as error:  # standard output on a full disk, say
                if debugging():
                    raise
                complain(f"error: {error.filename or 'the output'}: {error.strerror}.")
                raise typer.Exit(1) from None

        of.command(name)(run)
        return function

    return register


def complain(sentence: str) -> None:
    """A line on standard error, broken between words on a terminal."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        sentence = "\n".join(
            textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
            for line in sentence.splitlines()
        )
    print(sentence, file=sys.stderr, flush=True)


def debugging() -> bool:
    """Whether `--debug` was given: errors then keep their traceback."""
    return _debug


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; `--debug` may stand anywhere."""
    global _debug
    words = sys.argv[1:] if arguments is None else list(arguments)
    _debug = "--debug" in words
    warnings.showwarning = _show_warning
    app(args=[word for word in words if word != "--debug"], prog_name="convscope")


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    """Convscope's own warnings, and nothing of the libraries' unless debugging."""
    if debugging() or issubclass(category, ConvscopeWarning):
        complain(f"warning: {message}")


_debug = False


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
