"""Which engine `auto` means, and what is said where it is not lanes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import convscope
from convscope import native, nets
from convscope.errors import ConvscopeError, UnsupportedOperation, UsageError
from convscope.graph import Graph
from convscope.recipe import Recipe
from convscope.training.engines.choice import choose_engine
from convscope.training.progress import Lines

from ..conftest import needs_lanes
from ..test_inference import no_plan
from .conftest import SAMPLER_NET
from .test_pipeline import FAST, Heard


def chosen(graph: Graph | None = None, **settings: Any) -> tuple[str, str | None]:
    return choose_engine(Recipe.of(**settings), graph or nets.graph("convnet-bn"), "net")


@needs_lanes
def test_auto_is_lanes_on_the_cpu() -> None:
    assert chosen() == chosen(engine="lanes") == ("lanes", None)
    assert chosen(engine="torch") == ("torch", None)
    assert chosen(device="cuda") == ("torch", None)
    name, why = chosen(precision="bfloat16")
    assert name == "torch"
    assert "float32" in str(why)


@needs_lanes
def test_what_has_no_plan_is_named() -> None:
    name, why = chosen(no_plan())
    assert name == "torch"
    assert why is not None
    assert "no kernel for linear over the last axis" in why
    assert why.endswith("; PyTorch has one. The torch engine trains.")
    way_out = r"linear over the last axis.*\. Give --engine auto or --engine torch\.$"
    with pytest.raises(UnsupportedOperation, match=way_out):
        chosen(no_plan(), engine="lanes")
    assert chosen(no_plan(), engine="torch") == ("torch", None)


def test_without_the_native_engine_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native.extension, "_native", None)
    monkeypatch.setattr(native.extension, "_error", ModuleNotFoundError("no module"))
    name, why = chosen()
    assert name == "torch"
    assert why is not None
    assert "not available: " in why
    assert "compiled" in why
    assert why.endswith("The torch engine trains.")
    with pytest.raises(ConvscopeError, match=r"not available: .* compiled.*Give --engine auto or") as caught:
        chosen(engine="lanes")
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("settings", [{"device": "cuda"}, {"device": "mps"}, {"precision": "bfloat16"}])
def test_lanes_elsewhere_is_a_wrong_usage(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"^engine = 'lanes' .*needs engine = 'torch'\.$"):
        Recipe.of(engine="lanes", **settings)


@needs_lanes
def test_the_recipe_keeps_the_engine_that_ran(tmp_path: Path) -> None:
    for engine in ("auto", "lanes", "torch"):
        run = convscope.train("digits", **FAST, engine=engine, out=tmp_path / engine)
        expected = "torch" if engine == "torch" else "lanes"
        assert (run.engine, run.recipe.engine) == (expected, expected)
        assert Recipe.read(run.path / "recipe.toml")["engine"] == expected
        assert [note for note in run.notes if "engine" in note] == []


@needs_lanes
def test_a_program_trains_with_torch(net_file: Callable[..., Path], tmp_path: Path) -> None:
    settings = {**FAST, "net": str(net_file(SAMPLER_NET))}
    heard = Heard()
    run = convscope.train("digits", **settings, out=tmp_path / "run", progress=heard)
    assert run.engine == "torch"
    assert len(heard.notes) == 1  # the warning that says what the graph cannot express
    with pytest.raises(ConvscopeError, match=r"Sampler is not in convscope's graph.* Give --engine auto or"):
        convscope.train("digits", **settings, engine="lanes", out=tmp_path / "other", progress=heard)


@needs_lanes
def test_the_reason_is_among_the_notes(
    net_file: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = (
        "from torch import nn\n"
        "net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Flatten(), nn.Linear(64, 10))\n"
    )
    settings = {**FAST, "net": f"{net_file(source)}:net"}
    run = convscope.train("digits", **settings, out=tmp_path / "run", progress=Lines())
    assert run.engine == "torch"
    assert ["no kernel for linear" in note for note in run.notes] == [True]
    assert "note: the lanes engine has no kernel for linear" in capsys.readouterr().err
