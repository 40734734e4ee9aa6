"""The page's questions to the kernel, by messages: those that the studio's page asks of its server."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from ..errors import ConvscopeError
from ..studio.inspector import Inspector
from ..studio.pass_message import pass_message
from ..studio.refusal import Refusal

Buffers = Sequence[bytes | memoryview]
Answer = tuple[dict[str, Any], list[bytes]]

log = logging.getLogger(__name__)


def answer(inspector: Inspector, question: dict[str, Any], buffers: Buffers) -> Answer:
    """A message and its buffers; `id` is the question's. web/src/widgets/source.ts asks and hears.

    An error is `{"message", "about"}`, as the server gives it, and never a traceback in the notebook's log.
    """
    told = {"id": question.get("id")}
    try:
        document, files = _answered(inspector, question, [bytes(buffer) for buffer in buffers])
        return {**told, "answer": document}, files
    except Refusal as refusal:
        return {**told, "error": {"message": str(refusal), "about": refusal.about}}, []
    except ConvscopeError as error:
        return {**told, "error": {"message": str(error), "about": "server"}}, []
    except Exception as error:
        log.exception("%s failed", question.get("question"))
        message = f"the kernel failed in this ({type(error).__name__}); its log says where."
        return {**told, "error": {"message": message, "about": "server"}}, []


def _answered(inspector: Inspector, question: dict[str, Any], files: list[bytes]) -> tuple[Any, list[bytes]]:
    match question:
        case {"question": "models"}:
            return inspector.models(), []
        case {"question": "network", "model": str(model)}:
            return inspector.network(model), []
        case {"question": "drawing", "model": str(model)}:
            return inspector.drawing(model), []
        case {"question": "samples", "model": str(model)}:
            found = inspector.samples(model)
            return [name for name, _ in found], [file for _, file in found]
        case {"question": "pass", "model": str(model), "layers": None | list() as layers} if files:
            return None, [pass_message(*inspector.passed(model, files[0], layers))]
        case {"question": "why", "model": str(model), "cell": str(cell)} if files:
            return inspector.why(model, files[0], cell), []
    raise ConvscopeError("the page asks what this version of convscope does not know; run the cell again.")
