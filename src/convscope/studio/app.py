"""The studio as a web application: its page, its requests, and who may ask."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from .inspector import Inspector
from .routes import routes

STATIC = Path(__file__).parent / "static"


def studio(inspector: Inspector) -> FastAPI:
    """The application; served by `launch`, and by the tests."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(routes(inspector))
    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app
