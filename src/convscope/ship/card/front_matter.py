"""What machines read of a card, in the YAML of Hugging Face: tags, data, and the figures as a model index."""

from __future__ import annotations

from collections.abc import Iterator

from ...data import Preprocessing, catalogue
from .known import Known
from .markdown import quoted

LICENSE = "# license: fill in, such as apache-2.0, after the licence of the data"


def front_matter(known: Known) -> str:
    """The block between the two lines of three dashes, both included."""
    pictures = isinstance(known.bundle.preprocessing, Preprocessing)
    task = "image-classification" if pictures else "other"
    tags = [task, "convolutional-neural-network", "convscope"] if pictures else ["convscope"]
    lines = ["---", "library_name: convscope"]
    lines += [f"pipeline_tag: {task}"] if pictures else []
    lines += ["tags:", *(f"- {tag}" for tag in tags), LICENSE]
    if known.data in catalogue():
        lines += ["datasets:", f"- {quoted(known.data)}"]
    lines += ["metrics:", "- accuracy", *_index(known, task), "---"]
    return "\n".join(lines)


def _index(known: Known, task: str) -> Iterator[str]:
    evaluation = known.evaluation
    if evaluation is None:
        return
    name = known.data or "unknown"
    macro = sum(figures.f1 for figures in evaluation.per_class) / len(evaluation.per_class)
    yield from (
        "model-index:",
        f"- name: {quoted(known.title)}",
        "  results:",
        "  - task:",
        f"      type: {task}",
        "    dataset:",
        f"      name: {quoted(name)}",
        f"      type: {quoted(name)}",
        f"      split: {quoted(evaluation.split)}",
        "    metrics:",
        "    - type: accuracy",
        f"      value: {quoted(round(evaluation.accuracy, 6))}",
        "    - type: f1",
        "      name: F1, mean over the classes",
        f"      value: {quoted(round(macro, 6))}",
    )
