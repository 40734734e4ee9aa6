"""The studio served from this process, with a quick end; and whether it can be."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

from ..errors import ConvscopeError

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

END = 1.0  # seconds that a request has when the studio is stopped


def needs_packages() -> None:
    """Raises `ConvscopeError` where what serves is not installed."""
    from importlib.util import find_spec

    for package in ("fastapi", "uvicorn"):
        if find_spec(package) is None:
            raise ConvscopeError(
                f"the studio needs {package}, which is not installed: pip install 'convscope[serve]'."
            )


def server_of(app: ASGIApp, *, debugging: bool = False) -> uvicorn.Server:
    """A server that logs nothing, as a line of each request would hold the token of the first."""
    import uvicorn

    config = uvicorn.Config(
        app,
        http="h11",  # httptools, where it is there, bounds no header, and takes an address of another host
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="error" if debugging else "critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=0,
    )
    config.load()
    return uvicorn.Server(config)


def serve(app: ASGIApp, opened: socket.socket, *, debugging: bool = False) -> None:
    """Serve until Ctrl-C. The server is a thread that no end waits for; this one waits for signals."""
    server = server_of(app, debugging=debugging)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, name="studio", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.2)  # on Windows a signal waits for it
    except KeyboardInterrupt:
        server.should_exit = True
        thread.join(END)


def leave() -> NoReturn:
    """End this process now, as one that did well.

    An ordinary end waits for requests that still compute, and may wait for ever where libraries of linear
    algebra end their threads while those of the server go on.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads it
            stream.flush()
    os._exit(0)


def opens_browser() -> bool:
    """Whether a browser can show it here: there is a screen, and a person at a terminal of this machine."""
    if not sys.stdout.isatty() or any(
        name in os.environ for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")
    ):
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def open_browser(url: str) -> None:
    """Open the address, without waiting for the browser."""
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
