"""Who may ask the studio: who knows its token, at an address that is the studio's, from a page of its own."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from ..columns import shortened
from ..errors import QUOTED, UsageError

PORTS = {"http": 80, "https": 443}  # which an address leaves out
ALLOWED = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?)(:(?P<port>[0-9]{1,5}))?")
TOKEN = re.compile(r"[A-Za-z0-9._~-]{12,}")


@dataclass(frozen=True)
class Access:
    """What a request is held against.

    `hosts` are what its Host may be, `origins` what its Origin may be, both as browsers write them. `port` is
    the studio's own.

    >>> access = Access.of(("127.0.0.1", "localhost"), 8765, "secret", others=("hub.example.org",))
    >>> sorted(access.hosts)
    ['127.0.0.1:8765', 'hub.example.org', 'hub.example.org:8765', 'localhost:8765']
    >>> sorted(access.origins)[-2:]
    ['https://hub.example.org', 'https://hub.example.org:8765']
    """

    hosts: frozenset[str]
    origins: frozenset[str]
    port: int
    token: str

    @classmethod
    def of(cls, names: Iterable[str], port: int, token: str, others: Iterable[str] = ()) -> Access:
        """`names` are this machine's, at `port`; `others`, with or without one, a proxy's, or by https."""
        hosts, origins = set(), set()
        for name in names:
            host = name if port == PORTS["http"] else f"{name}:{port}"
            hosts.add(host)
            origins.add(f"http://{host}")
        for other in others:
            plain = ":" not in other.rpartition("]")[2]
            for host in (other, f"{other}:{port}") if plain else (other,):
                hosts.add(host)
                origins |= {f"{scheme}://{host.removesuffix(f':{PORTS[scheme]}')}" for scheme in PORTS}
        return cls(frozenset(hosts), frozenset(origins), port, token)

    @property
    def cookie(self) -> str:
        """Its name, which has the port because all ports of a machine share their cookies."""
        return f"convscope-{self.port}"

    @property
    def passport(self) -> str:
        """The cookie's value: it proves that the token was known and does not tell it."""
        return hmac.new(self.token.encode(), b"the cookie of a studio", hashlib.sha256).hexdigest()

    def opens(self, tokens: Iterable[str]) -> bool:
        """Whether the token is among them."""
        return is_among(self.token, tokens)

    def admits(self, cookies: Iterable[str]) -> bool:
        """Whether the pass is among them."""
        return is_among(self.passport, cookies)


def is_among(secret: str, given: Iterable[str]) -> bool:
    """Whether the secret is among what was given, in a time that does not tell how much of it is."""
    return any(hmac.compare_digest(one.encode(), secret.encode()) for one in given)


def token_of(given: str | None) -> str:
    """The token that a person chose, or a new one.

    Raises `UsageError` for what is easy to guess, or would stand in an address as something else.
    """
    if given is None:
        return secrets.token_hex(16)
    if not TOKEN.fullmatch(given):
        raise UsageError(
            "--token (or CONVSCOPE_TOKEN) takes 12 or more letters, digits and . _ ~ -, which stand in an "
            "address as they are."
        )
    return given


def allowed_host(name: str) -> str:
    """A name of `--allow-host`, as browsers write it. Raises `UsageError`.

    >>> allowed_host("Hub.example.org:8000")
    'hub.example.org:8000'
    """
    written = ALLOWED.fullmatch(name.lower())
    if not (written and _is_host(written["host"]) and 1 <= int(written["port"] or 1) < 65536):
        raise UsageError(
            f"--allow-host {shortened(name, QUOTED)!r} should be a name as it stands in an address, such as "
            f"hub.example.org or localhost:8888."
        )
    return name.lower()


def _is_host(host: str) -> bool:
    if host.startswith("["):
        try:
            return ip_address(host.strip("[]")).version == 6
        except ValueError:
            return False
    return host != "null"  # the origin of pages that have none
