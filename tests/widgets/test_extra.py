"""Widgets without their extra, without their page, and how late they are imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from convscope.errors import ConvscopeError
from convscope.studio.built import NODE
from convscope.widgets import scripts


def _python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_is_imported_before_a_widget_is_asked_for() -> None:
    loaded = "print('anywidget' in sys.modules, 'torch' in sys.modules)"
    assert _python(f"import sys, convscope; convscope.widgets; {loaded}").split() == ["False", "False"]


def test_a_missing_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['anywidget'] = None\n"
        "import convscope\n"
        "try:\n    convscope.widgets.Convolution\n"
        "except convscope.ConvscopeError as error:\n    print(error)"
    )
    assert "pip install 'convscope[notebook]'" in _python(code)


def test_other_names_are_no_widgets() -> None:
    import convscope

    with pytest.raises(AttributeError, match="no attribute 'Kernel'"):
        _ = convscope.widgets.Kernel
    assert dir(convscope.widgets) == ["Convolution", "Network"]


def test_a_page_that_was_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "FOLDER", tmp_path)
    with pytest.raises(ConvscopeError, match=f"the widgets' page is not built: `make web` .* {NODE}"):
        scripts.script("convolution")
    from convscope.widgets import Convolution

    with pytest.raises(ConvscopeError, match="make web"):
        Convolution([[1]], [[1]])
