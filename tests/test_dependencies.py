"""Who knows whom, as docs/architecture.md has it: the imports of some folders, inside functions too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import convscope

ROOT = Path(convscope.__file__).parent


def imported(folder: str, *, without: str = "none", files: str = "*.py") -> Iterator[str]:
    """The modules that the files in a folder take from elsewhere in the package, but for types alone."""
    for file in sorted((ROOT / folder).rglob(files)):
        if (ROOT / without) in file.parents:
            continue
        package = file.relative_to(ROOT).parent.parts
        for node in walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = package[: len(package) - node.level + 1]
                names = [node.module] if node.module else [alias.name for alias in node.names]
                for name in names:
                    full = ".".join((*base, name))
                    if not f"{full}.".startswith(f"{folder.replace('/', '.')}."):
                        yield full


def walk(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those under `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from walk(node)


def folders(modules: Iterator[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


PLAIN = {"atomic", "columns", "errors", "lock", "versions"}  # which anybody may use


@pytest.mark.parametrize(
    ("folder", "without", "known"),
    [
        ("native", "none", set()),
        ("data", "none", {"native"}),
        ("chain", "none", {"ops", "written_matrix", "written_pool"}),
        ("prediction", "prediction/results", {"data", "native"}),
        (
            "studio",
            "none",
            {"bundle", "data", "drawing", "graph", "look", "nets", "runs", "sample", "untrained"},
        ),
        (
            "widgets",
            "none",
            {
                "bundle",
                "chain",
                "data",
                "ops",
                "prediction",
                "sliding",
                "studio",
                "written_matrix",
                "written_pool",
            },
        ),
        (
            "ship",
            "ship/card",
            {"bundle", "data", "graph", "lanes", "native", "prediction", "significance", "training"},
        ),
    ],
)
def test_it_knows_no_more(folder: str, without: str, known: set[str]) -> None:
    assert folders(imported(folder, without=without)) - PLAIN <= known


def test_what_a_drawing_of_a_network_knows() -> None:
    assert folders(imported("drawing", files="network*.py")) - PLAIN == {"graph", "ops"}


def test_what_widgets_know_of_the_studio() -> None:
    found = {name for name in imported("widgets") if name.startswith("studio")}
    assert found == {f"studio.{name}" for name in ("built", "inspector", "pass_message", "refusal")}


def test_what_ship_knows_of_training_and_lanes() -> None:
    found = {name for name in imported("ship", without="ship/card") if name.startswith(("training", "lanes"))}
    assert found == {"training.evaluation", "training.progress", "lanes.folding"}


def test_nobody_imports_the_command_line() -> None:
    others = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "cli"}
    assert not [folder for folder in others for name in imported(folder) if name.split(".")[0] == "cli"]
