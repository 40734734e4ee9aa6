"""Which engine computes a run, and what a person should know where it is not the one they would expect."""

from __future__ import annotations

from ... import native
from ...errors import ConvscopeError, UnsupportedOperation
from ...graph import Graph
from ...lanes.plan import plan
from ...recipe import Recipe


def choose_engine(recipe: Recipe, graph: Graph | None, name: str) -> tuple[str, str | None]:
    """The engine's name, and why it is not lanes where that would be expected.

    `auto` is lanes on the CPU in float32, where there is the native engine and it has a plan for the
    network; torch otherwise. Raises `ConvscopeError` where the recipe insists on lanes in vain.
    """
    if recipe.engine == "torch" or recipe.device != "cpu":
        return "torch", None
    if recipe.precision != "float32":
        return "torch", f"lanes computes in float32, not in {recipe.precision}; the torch engine trains."
    try:
        _check(graph, name)
    except ConvscopeError as refusal:
        if recipe.engine == "lanes":
            raise type(refusal)(f"{refusal} Give --engine auto or --engine torch.") from refusal
        told = graph is None  # by what the graph cannot express
        return "torch", None if told else f"{refusal} The torch engine trains."
    return "lanes", None


def _check(graph: Graph | None, name: str) -> None:
    native.module()
    if graph is None:
        raise UnsupportedOperation(f"{name} is not in convscope's graph, which the lanes engine runs.")
    plan(graph, training=True)
