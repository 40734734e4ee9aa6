"""The page that `make web` builds, in memory: small enough, and compressed once."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from .built import STATIC, PageNotBuilt

INDEX = "index.html"
ASSETS = "assets"  # their names hold a digest of what is in them
FOREVER = "private, max-age=31536000, immutable"
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class File:
    """A file as it is sent."""

    content: bytes
    zipped: bytes
    kind: str
    tag: str
    caching: str

    @classmethod
    def read(cls, path: Path) -> File:
        content = path.read_bytes()
        kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return cls(
            content=content,
            zipped=gzip.compress(content, 9, mtime=0),
            kind=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
            tag=hashlib.sha256(content).hexdigest()[:16],
            caching="no-cache" if path.name == INDEX else FOREVER,
        )

    def response(self, request: Request) -> Response:
        """The file, zipped where that is smaller and asked for, or that the browser has it already.

        Responses with and without compression have tags of their own.
        """
        zipped = len(self.zipped) < len(self.content) and _takes_gzip(
            request.headers.get("accept-encoding", "")
        )
        tag = f'"{self.tag}{"-gzip" if zipped else ""}"'
        headers = {"etag": tag, "cache-control": self.caching, "vary": "accept-encoding"}
        known = {
            one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")
        }
        if tag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        if zipped:
            headers["content-encoding"] = "gzip"
        return Response(self.zipped if zipped else self.content, media_type=self.kind, headers=headers)


def read_page(folder: Path | None = None) -> dict[str, File]:
    """Path in an address → file: the page at `/`, and its assets. Raises `PageNotBuilt`."""
    folder = folder or STATIC
    index = folder / INDEX
    if not index.is_file():
        raise PageNotBuilt
    assets = sorted(path for path in (folder / ASSETS).rglob("*") if path.is_file())
    files = {f"/{path.relative_to(folder).as_posix()}": File.read(path) for path in assets}
    return {"/": File.read(index), **files}


def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding has it.

    >>> [_takes_gzip(text) for text in ("gzip, br", "br;q=1.0, gzip;q=0", "*", "")]
    [True, False, True, False]
    """
    weights = {}
    for one in accepted.lower().replace(" ", "").split(","):
        name, _, weight = one.partition(";q=")
        weights[name] = weight
    weight = weights.get("gzip", weights.get("*", "0"))
    return weight.strip("0.") != "" or weight == ""
