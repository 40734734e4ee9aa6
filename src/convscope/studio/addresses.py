"""Where the studio listens, and how this machine is called there."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from ipaddress import ip_address
from urllib.parse import quote

from ..errors import ConvscopeError

PORT = 8765
TRIED = 50  # ports from there on
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
EVERYWHERE = ("0.0.0.0", "::")


def listening(host: str, port: int | None) -> socket.socket:
    """A socket that takes connections; `port` None is 8765 or the next that is free, 0 any.

    Raises `ConvscopeError` where the host is not this machine's or the port is taken.
    """
    ports = range(PORT, PORT + TRIED) if port is None else (port,)
    for number in ports:
        try:
            return _bound(host, number)
        except socket.gaierror as error:
            raise ConvscopeError(f"--host {host}: this name is not known ({error.strerror}).") from error
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise ConvscopeError(
                    f"--host {host} is not an address of this machine. 127.0.0.1 is for this machine alone, "
                    f"0.0.0.0 for whoever reaches it."
                ) from error
            if error.errno in (errno.EACCES, errno.EPERM):
                raise ConvscopeError(
                    f"port {number} is not for everybody to open; choose --port 1024 or above."
                ) from error
            if error.errno != errno.EADDRINUSE:
                raise ConvscopeError(f"{host}:{number} cannot be opened: {error.strerror}.") from error
    if port is None:
        raise ConvscopeError(
            f"ports {PORT} to {PORT + TRIED - 1} are all taken; --port 0 takes any that is free."
        )
    raise ConvscopeError(
        f"port {port} is taken, by another studio perhaps; leave --port out to take the next that is free."
    )


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    opened = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # a port of which only old connections are left; on Windows it would share one
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen()
    except OSError:
        opened.close()
        raise
    return opened


def names_of(host: str) -> tuple[str, ...]:
    """How this machine is called in an address, for a studio that listens at `host`.

    >>> names_of("127.0.0.1")
    ('127.0.0.1', 'localhost', '[::1]')
    >>> names_of("fe80::1")[-1]
    '[fe80::1]'
    """
    own = [socket.gethostname(), _own_address()] if host in EVERYWHERE else [host]
    return (*dict.fromkeys([*LOOPBACK, *(in_address(name).lower() for name in own if name)]),)


def _own_address() -> str:
    """The address that others see this machine at; empty without a network. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, contextlib.suppress(OSError):
        asking.connect(("192.0.2.1", 9))  # of RFC 5737: nobody's
        return str(asking.getsockname()[0])
    return ""


def in_address(host: str) -> str:
    """
    >>> in_address("::1"), in_address("localhost")
    ('[::1]', 'localhost')
    """
    return f"[{host}]" if ":" in host else host


def opening_url(host: str, port: int, token: str, *, model: str | None = None) -> str:
    """The address to open, with the token, and the model that is shown first.

    >>> opening_url("127.0.0.1", 8765, "0123456789ab")
    'http://127.0.0.1:8765/?token=0123456789ab'
    >>> opening_url("127.0.0.1", 8765, "0123456789ab", model="runs/a b")
    'http://127.0.0.1:8765/?token=0123456789ab#/network?model=runs/a%20b'
    """
    screen = "" if model is None else f"#/network?model={quote(model)}"
    shown = {"0.0.0.0": _own_address() or "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{in_address(shown)}{'' if port == 80 else f':{port}'}/?token={token}{screen}"


def is_loopback(opened: socket.socket) -> bool:
    """Whether only this machine reaches it."""
    return ip_address(opened.getsockname()[0]).is_loopback
