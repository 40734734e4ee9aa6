"""`convscope studio`"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ConvscopeError, ConvscopeWarning
from .app import command
from .complaint import complain
from .options import Json, given_path
from .output import print_json
from .phases import DEBUGGING
from .run_name import named_run
from .studio_trouble import show_trouble

if TYPE_CHECKING:
    from socket import socket


@command("studio")
def studio(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]...",
            help="What is offered first: runs, bundles, starter, or networks without training, such as "
            "untrained:resnet-18.",
        ),
    ] = None,
    *,
    host: Annotated[
        str, typer.Option(help="Where it listens: this machine alone, or 0.0.0.0 for others too.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="8765, or the next that is free; 0 takes any.", show_default=False
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:PORT]", help="A name that a proxy, such as JupyterHub's, serves it under."
        ),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page, where there is a screen.")
    ] = True,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="CONVSCOPE_TOKEN",
            help="What the address to open ends in; a new one each time by default. Others see what is typed "
            "here (ps), and not the variable.",
        ),
    ] = None,
    folder: Annotated[
        Path, typer.Option(parser=given_path, help="Start in this folder: its runs are offered.")
    ] = Path(),
    json: Json = False,
) -> None:
    """See convolutions and networks move, in the browser."""
    from ..studio.access import Access, allowed_host, token_of
    from ..studio.addresses import listening, names_of, opening_url
    from ..studio.launch import leave, needs_packages, open_browser, opens_browser, serve

    secret = token_of(token)
    others = [allowed_host(name) for name in allow_host or ()]
    try:
        os.chdir(folder)
    except OSError as error:
        raise ConvscopeError(f"--folder {folder}: {error.strerror}.") from error
    needs_packages()

    from ..studio.inspector import Inspector
    from ..studio.page import read_page

    named = [str(named_run(given_path(model))) for model in models or ()]
    inspector, page = Inspector(models=named), read_page()
    for model in named:
        inspector.network(model)  # what is wrong with it is said before a page is opened
    opened = listening(host, port)
    at = opened.getsockname()[1]
    ticket = token_of(None)
    url, once = (opening_url(host, at, one, model=named[0] if named else None) for one in (secret, ticket))
    _tell(url, host, opened, json=json)
    if browser and not json and opens_browser():
        open_browser(once)

    try:
        from ..studio.app import guarded  # whoever opens the address meanwhile waits for it
        from ..studio.app import studio as application

        show_trouble()
        access = Access.of(names_of(host), at, secret, others)
        serve(guarded(application(inspector, page), access, ticket), opened, debugging=DEBUGGING.get())
    except KeyboardInterrupt:  # before it served
        pass
    complain("stopped.")
    leave()


def _tell(url: str, host: str, opened: socket, *, json: bool) -> None:
    """Print the address."""
    from ..studio.addresses import is_loopback

    port = opened.getsockname()[1]
    if not is_loopback(opened):
        warnings.warn(
            ConvscopeWarning(
                "open-host",
                f"--host {host}: whoever reaches this machine and has the address can use the studio; the "
                f"address goes over the network as it is, without encryption.",
            ),
            stacklevel=2,
        )
    if json:
        print_json({"url": url, "host": host, "port": port})
    else:
        print(f"Studio  {url}")
    sys.stdout.flush()
    complain("Ctrl-C ends it.")
