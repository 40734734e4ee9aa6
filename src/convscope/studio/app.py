"""The studio as a web application: its page, its requests, and a sentence where something goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from .access import Access
from .guard import Guard
from .headers import Headers
from .inspector import Inspector
from .page import File
from .routes import routes
from .sentence import document


def studio(inspector: Inspector, page: dict[str, File] | None = None) -> FastAPI:
    """The application, for whoever may ask (`guarded` sees to that); `page` is `read_page`'s."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.include_router(routes(inspector))
    for path, file in (page or {}).items():
        app.add_route(path, _sending(file), methods=["GET", "HEAD"])
    app.add_exception_handler(HTTPException, _not_there)
    return app


def guarded(app: ASGIApp, access: Access, ticket: str | None = None) -> ASGIApp:
    """The application for those who have access, with the headers that keep its pages to themselves."""
    return Headers(Guard(app, access, ticket))


def _sending(file: File) -> Callable[[Request], Awaitable[Response]]:
    async def send(request: Request) -> Response:
        return file.response(request)

    return send


async def _not_there(request: Request, error: Exception) -> Response:
    """No such page, or no such way to ask; what goes wrong inside a request is a sentence of `routes`."""
    path, status = request.scope["path"], getattr(error, "status_code", 404)
    sentence = (
        f"{request.method} is not what {path} is for." if status == 405 else f"There is nothing at {path}."
    )
    content, kind = document(path, sentence, "server")
    return Response(content, status, media_type=kind.decode(), headers={"cache-control": "no-store"})
