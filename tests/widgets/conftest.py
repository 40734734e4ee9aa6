"""A notebook's page as widgets know it: what they tell it, and what it tells them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

pytest.importorskip("anywidget", reason="pip install 'convscope[notebook]'")

import comm
from comm.base_comm import BaseComm
from ipywidgets.widgets.widget import _put_buffers, _remove_buffers

from convscope.widgets.scripts import FOLDER

Buffers = list[bytes]


@dataclass
class Notebook:
    """The messages that widgets sent, and a way to answer as their page does."""

    messages: list[tuple[dict[str, Any], Buffers]] = field(default_factory=list)

    def told(self) -> list[tuple[dict[str, Any], Buffers]]:
        """What was sent since this was asked last."""
        told, self.messages[:] = list(self.messages), []
        return told

    def updates(self) -> dict[str, Any]:
        """The traits that were sent since, but for the echoes of what the page said itself."""
        state: dict[str, Any] = {}
        for data, buffers in self.told():
            if data.get("method") == "update":
                new = data["state"]
                _put_buffers(new, data["buffer_paths"], buffers)
                state |= new
        return state

    @staticmethod
    def change(widget: Any, **state: Any) -> None:
        """The page changes traits: one message."""
        plain, paths, buffers = _remove_buffers(state)
        data = {"method": "update", "state": plain, "buffer_paths": paths}
        widget._handle_msg({"content": {"data": data}, "buffers": [memoryview(b) for b in buffers]})

    @staticmethod
    def say(widget: Any, **words: str) -> None:
        """The page changes its words, and says all of them."""
        Notebook.change(widget, _words={**widget._words, **words})

    def ask(self, widget: Any, question: dict[str, Any], *files: bytes) -> tuple[dict[str, Any], Buffers]:
        """The page asks the kernel; its answer."""
        self.told()
        data = {"method": "custom", "content": question}
        widget._handle_msg({"content": {"data": data}, "buffers": [memoryview(file) for file in files]})
        ((data, buffers),) = self.told()
        return data["content"], [bytes(buffer) for buffer in buffers]


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """The page of all widgets that the test makes; without a kernel, in this process."""
    there = Notebook()

    class Recorded(BaseComm):
        def publish_msg(self, msg_type: str, data: Any = None, buffers: Any = None, **more: Any) -> None:
            there.messages.append((data, list(buffers or [])))

    monkeypatch.setattr(comm, "create_comm", Recorded)
    return there


@pytest.fixture
def built() -> None:
    """A test of widgets takes their scripts: `make web`."""
    if not (FOLDER / "convolution.js").is_file():
        pytest.skip("the widgets are not built: make web")
