"""A card put together of its sections."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...bundle import Bundle
from . import description, results
from .front_matter import front_matter
from .known import Known
from .limits import limits
from .markdown import text

if TYPE_CHECKING:
    from ..exporting import Exported


def card(model: str | os.PathLike[str] | Bundle, *, exported: Sequence[Exported] = ()) -> str:
    """The card of a run, a bundle file, `starter` or a `Bundle`: Markdown with Hugging Face's YAML before it.

    What a run knows and a bundle alone does not (calibration, robustness, suspects, the series of its seeds)
    is said not to be known of a bundle; what was not measured names the command that measures it. `exported`
    are forms of the network that lie beside it. Raises `ConvscopeError` for what is no model, or is damaged.

    >>> print(card("starter").split("## ")[1].splitlines()[0])
    Use it
    """
    known = Known.of(model)
    sections = {
        "Use it": description.use(known, tuple(exported)),
        "What it takes": description.inputs(known),
        "Data": description.data(known),
        "Training": description.training(known),
        "Results": results.results(known),
        "Robustness": results.robustness(known),
        "Suspects in the data": results.suspects(known),
        "Limits": limits(known),
        "Made with": description.made_with(known),
    }
    parts = [front_matter(known), f"# {text(known.title)}", description.opening(known)]
    for title, section in sections.items():
        parts += [f"## {title}", section]
    return "\n\n".join(parts) + "\n"
