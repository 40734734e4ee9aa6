"""A page in Chromium that shows widgets as a notebook does, over a kernel in this process."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from ipywidgets.widgets.widget import _remove_buffers
from playwright.sync_api import Locator, Page

from .conftest import Notebook

HOST = Path(__file__).with_name("host.html")
Message = tuple[dict[str, Any], list[str]]


class Host:
    """The page; `tell` after Python has changed a widget."""

    def __init__(self, page: Page, notebook: Notebook) -> None:
        self.page, self.notebook = page, notebook
        self.widgets: dict[str, Any] = {}
        page.expose_function("toKernel", self._heard)
        page.goto(HOST.as_uri())
        page.wait_for_function("window.ready")

    def show(self, name: str, widget: Any) -> Locator:
        """Shows a widget, as a cell of its own."""
        self.widgets[name] = widget
        self.notebook.told()
        state, paths, buffers = _remove_buffers(widget.get_state())
        first = ({"method": "update", "state": state, "buffer_paths": paths}, buffers)
        self.page.evaluate(
            "([name, script, messages]) => window.show(name, script, messages)",
            [name, widget._esm, [_as_text(first)]],
        )
        return self.page.locator(f"#{name}")

    def tell(self, name: str) -> None:
        """The page hears what Python has sent since."""
        self.page.evaluate("([name, messages]) => window.hear(name, messages)", [name, self._told()])

    def _heard(self, name: str, data: dict[str, Any], buffers: list[str]) -> list[Message]:
        files = [memoryview(base64.b64decode(text)) for text in buffers]
        self.widgets[name]._handle_msg({"content": {"data": data}, "buffers": files})
        return self._told()

    def _told(self) -> list[Message]:
        return [_as_text(message) for message in self.notebook.told()]


def _as_text(message: tuple[dict[str, Any], Any]) -> Message:
    data, buffers = message
    return data, [base64.b64encode(buffer).decode("ascii") for buffer in buffers]
