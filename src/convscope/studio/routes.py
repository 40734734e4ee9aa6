"""The studio's requests: each a question to the inspector, and its answer or a sentence why there is none."""

from __future__ import annotations

import base64
import json
import logging
import mimetypes
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from ..columns import in_bytes
from ..errors import ConvscopeError
from ..sample import sample_photo
from .inspector import Inspector
from .pass_message import pass_message
from .refusal import About, Refusal

MOST = 64_000_000  # bytes of a picture file

log = logging.getLogger(__name__)


def routes(inspector: Inspector) -> APIRouter:
    """Everything below `/api`. The functions run in threads; each is done with what it was sent."""
    router = APIRouter(prefix="/api", route_class=_WithSentences)

    @router.get("/models")
    def models() -> Response:
        return _json({"models": inspector.models()})

    @router.get("/network")
    def network(model: str) -> Response:
        return _json(inspector.network(model))

    @router.get("/drawing.svg")
    def drawing(model: str) -> Response:
        return Response(inspector.drawing(model), media_type="image/svg+xml")

    @router.get("/samples")
    def samples(model: str) -> Response:
        found = [
            {"name": name, "file": base64.b64encode(file).decode("ascii")}
            for name, file in inspector.samples(model)
        ]
        return _json({"samples": found})

    @router.get("/photo")
    def photo() -> Response:
        path = sample_photo()
        return Response(path.read_bytes(), media_type=mimetypes.guess_type(path.name)[0])

    @router.post("/pass")
    def passed(model: str, file: File, layer: Annotated[list[str] | None, Query()] = None) -> Response:
        names = None if layer is None else [name for name in layer if name]  # `layer=`: none of them
        message = pass_message(*inspector.passed(model, file, names))
        return Response(message, media_type="application/octet-stream")

    @router.post("/why")
    def why(model: str, cell: str, file: File) -> Response:
        return _json(inspector.why(model, file, cell))

    return router


async def _file(request: Request) -> bytes:
    """What was sent; raises `Refusal` as soon as it is too much."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MOST:
        raise _too_long()
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MOST:
            raise _too_long()
    return bytes(content)


File = Annotated[bytes, Depends(_file)]


def _too_long() -> Refusal:
    return Refusal(f"the file is larger than {in_bytes(MOST)}; shrink the picture first.", "picture", 413)


class _WithSentences(APIRoute):
    """What goes wrong becomes JSON with a `message` for people and what it is `about`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except Refusal as refusal:
                return _refused(str(refusal), refusal.about, refusal.status)
            except ConvscopeError as error:
                return _refused(str(error), "server", 422)
            except RequestValidationError as error:
                name = str(error.errors()[0]["loc"][-1])
                about: About = "model" if name == "model" else "cell" if name == "cell" else "server"
                return _refused(f"the request does not say which {name}.", about, 422)
            except ClientDisconnect:
                return _refused("the page has gone away.", "server", 400)
            except Exception as error:
                log.exception("%s %s failed", request.method, request.url.path)
                return _refused(
                    f"the studio failed ({type(error).__name__}); the terminal that it runs in says where.",
                    "server",
                    500,
                )

        return answered


def _refused(message: str, about: About, status: int) -> Response:
    return _json({"message": message, "about": about}, status)


def _json(document: object, status: int = 200) -> Response:
    content = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(content.encode("utf-8", "backslashreplace"), status, media_type="application/json")
