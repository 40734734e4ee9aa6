"""A request that is refused: a sentence, as a small page for people and as JSON below `api/`."""

from __future__ import annotations

import html
import json

from starlette.types import Scope, Send

from .refusal import About

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>convscope</title>
<link rel="icon" href="data:,">
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem }}
</style>
<h1>convscope</h1>
<p>{sentence}</p>
</html>
"""


def document(path: str, sentence: str, about: About) -> tuple[bytes, bytes]:
    """What is sent, and its type.

    >>> document("/api/models", "There is no such run.", "model")
    (b'{"message": "There is no such run.", "about": "model"}', b'application/json')
    """
    if path.startswith("/api/"):
        return json.dumps({"message": sentence, "about": about}).encode(), b"application/json"
    return PAGE.format(sentence=html.escape(sentence)).encode(), b"text/html; charset=utf-8"


async def refuse(scope: Scope, send: Send, status: int, sentence: str, about: About = "access") -> None:
    """Answer with the sentence; a WebSocket is closed before it opens."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    content, kind = document(scope["path"], sentence, about)
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})
