"""The studio's requests: each a question to the inspector."""

from __future__ import annotations

from fastapi import APIRouter

from .inspector import Inspector


def routes(inspector: Inspector) -> APIRouter:
    """Everything below `/api`."""
    router = APIRouter(prefix="/api")

    @router.get("/models")
    def models() -> dict[str, object]:
        return {"models": inspector.models()}

    return router
