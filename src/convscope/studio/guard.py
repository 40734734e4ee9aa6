"""The requests of those who may ask are handed on; every other is answered here."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from .access import Access, is_among
from .sentence import refuse

OPEN_IT = "open the address that `convscope studio` printed, with its token."


class Guard:
    """Answers a request that may not ask, and hands on every other: pages, files, streams, a 404.

    A `ticket` opens the studio as the token does, once: the address that a browser is started with stands in
    its arguments, which every user of the machine can read.
    """

    def __init__(self, app: ASGIApp, access: Access, ticket: str | None = None) -> None:
        self.app, self.access, self.ticket = app, access, ticket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        request = _Request(scope)
        if complaint := self._foreign(request):
            await refuse(scope, send, *complaint)
            return
        opening = request.path == "/" and scope["type"] == "http" and request.method in ("GET", "HEAD")
        given = request.tokens if opening else []
        if self.access.opens(given) or self._takes_ticket(given):
            await self._enter(request, send, request.cookie_header(self.access))
        elif self.access.admits(request.cookies(self.access.cookie)):
            if given:  # an older token in a bookmark
                await self._enter(request, send, None)
            else:
                await self.app(scope, receive, send)
        elif given:
            await refuse(scope, send, 403, f"This is not the token of the studio that runs here: {OPEN_IT}")
        else:
            await refuse(scope, send, 403, f"The studio does not know this browser: {OPEN_IT}")

    def _takes_ticket(self, given: list[str]) -> bool:
        if self.ticket is None or not is_among(self.ticket, given):
            return False
        self.ticket = None
        return True

    def _foreign(self, request: _Request) -> tuple[int, str] | None:
        """Status and sentence where address, Host, Origin or Sec-Fetch-Site are not of its own pages."""
        if not request.path.startswith("/"):
            return 400, "An address begins with / here."
        hosts, origins = request.values(b"host"), request.values(b"origin")
        if len(hosts) != 1 or len(origins) > 1:
            return 400, "A request has one Host and at most one Origin."
        if hosts[0].lower() not in self.access.hosts:
            return 403, (
                f"{hosts[0]!r} is not an address of this studio. Where it is one, because of a proxy or a "
                f"forwarded port, start the studio with --allow-host and this name."
            )
        if origins and origins[0] not in self.access.origins:
            return 403, (
                f"A page of {origins[0]!r} may not ask this studio. Where it is the studio's own, behind a "
                f"proxy, start the studio with --allow-host and its name."
            )
        # Other ports of this machine are the same site, and get its cookies.
        foreign = {"cross-site", "same-site"} & {*request.values(b"sec-fetch-site")}
        if foreign and not request.follows_a_link:
            return 403, "Another page may lead to this studio, and ask nothing of it."
        return None

    async def _enter(self, request: _Request, send: Send, cookie: bytes | None) -> None:
        """On to the same page without the token. A relative address: a proxy may serve it below a path."""
        headers = [
            (b"location", request.without_token),
            (b"cache-control", b"no-store"),
            (b"content-length", b"0"),
        ]
        if cookie is not None:
            headers.append((b"set-cookie", cookie))
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


class _Request:
    """What of a request says who asks."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.path: str = scope["path"]
        self.method: str = scope.get("method", "GET")
        query = scope.get("query_string", b"").decode("latin-1")
        self._query = parse_qsl(query, keep_blank_values=True)

    def values(self, name: bytes) -> list[str]:
        return [value.decode("latin-1") for key, value in self.scope["headers"] if key.lower() == name]

    @property
    def tokens(self) -> list[str]:
        return [value for name, value in self._query if name == "token"]

    @property
    def without_token(self) -> bytes:
        rest = urlencode([(name, value) for name, value in self._query if name != "token"])
        return f"./{'?' if rest else ''}{rest}".encode()

    @property
    def follows_a_link(self) -> bool:
        """A person went to this address: by a link, a bookmark, a terminal."""
        goes = self.values(b"sec-fetch-mode") == ["navigate"] and self.values(b"sec-fetch-dest") == [
            "document"
        ]
        return goes and self.method in ("GET", "HEAD")

    def cookies(self, name: str) -> list[str]:
        """All of that name: a path of another length makes a second one."""
        pairs = [
            pair.strip().partition("=") for header in self.values(b"cookie") for pair in header.split(";")
        ]
        return [value for key, _, value in pairs if key == name]

    def cookie_header(self, access: Access) -> bytes:
        """Without a Path, so that it is the page's folder, which only the browser knows behind a proxy.

        Lax and not Strict: the address may be clicked in a page, such as a terminal in a browser. Whoever
        sends a false X-Forwarded-Proto keeps the cookie from nobody but themselves.
        """
        protocols = ",".join(self.values(b"x-forwarded-proto")).split(
            ","
        )  # one of each proxy, the first the browser's
        secure = "; Secure" if protocols[0].strip() == "https" else ""
        return f"{access.cookie}={access.passport}; HttpOnly; SameSite=Lax{secure}".encode()
