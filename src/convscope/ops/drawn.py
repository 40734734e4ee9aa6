"""Steps that can be looked at: in a terminal, a notebook, as SVG, as a page, and moving."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

Index = int | tuple[int, ...]  # the number of a step, or the position of its result such as (row, column)


class Drawn:
    """What `steps` and `pool_steps` have besides their steps; imported when it is asked for."""

    MOST = 64  # steps that a page or a GIF shows unless told otherwise

    def text(self, index: Index = 0, *, width: int = 80) -> str:
        """One step in plain characters, at most `width` in a line.

        index: the number of a step from 0 (negative ones count from the end), or the position of its result,
        such as (row, column). Raises `IndexError` for a number and `ShapeError` for a position that is not
        there, and `UsageError` for anything else.

        >>> from convscope.ops import steps
        >>> print(steps([1, 2, 4], [1, -1]).text(1))
        cross-correlation (kernel not flipped), step 2 of 2: place 1
        <BLANKLINE>
        input of 3:    1 [ 2][ 4]
        kernel:          [ 1][-1]
        products:        [ 2][-4]
        output of 2:  -1 [-2]
        <BLANKLINE>
        2·1 + 4·(-1) = -2
        """
        from .rendering import story, terminal

        return terminal.draw(story.Story(self, terminal.MOST).scene(index), width=width).plain

    def show(self, index: Index = 0) -> None:
        """Print one step, in colour where standard output is a terminal; `index` as for `text`."""
        from .rendering import story, terminal

        terminal.show(story.Story(self, terminal.MOST).scene(index))

    def svg(self, index: Index = 0) -> str:
        """One step as an SVG picture, readable on light and dark screens; `index` as for `text`.

        >>> from convscope.ops import steps
        >>> steps([[1, 2], [3, 4]], [[1, 0], [0, 1]]).svg()[:4]
        '<svg'
        """
        from .rendering import story, svg

        return svg.draw(story.Story(self).scene(index))

    def html(self, *, most: int = MOST) -> str:
        """A page with a slider through the steps: one file that needs nothing beside it.

        Of more than `most` steps as many are taken, evenly and with the first and the last, and fewer where
        they would fill more than 2 MB; the page says so.
        """
        from .rendering import page, story

        return page.draw(story.Story(self), most)

    def gif(self, *, most: int = MOST) -> bytes:
        """The steps as a moving picture: the window moves over the input, the output fills.

        Of more than `most` steps as many are taken, evenly and with the first and the last; each frame
        has the number of its step.
        """
        from .rendering import animation, story

        return animation.draw(story.Story(self), most)

    def save(self, path: str | os.PathLike[str], index: Index = 0) -> None:
        """Write `.svg` (of the step at `index`), `.html` or `.gif`, by the path's ending.

        Raises `UnknownName` for another ending and `ConvscopeError` where the file cannot be written.
        """
        from ..atomic import write_bytes
        from ..errors import UnknownName

        file = Path(path)
        content: dict[str, Any] = {
            ".svg": lambda: self.svg(index).encode(),
            ".html": lambda: self.html().encode(),
            ".gif": self.gif,
        }
        if file.suffix.lower() not in content:
            raise UnknownName("ending of a drawing", file.suffix, content)
        write_bytes(file, content[file.suffix.lower()]())

    def _repr_html_(self) -> str:
        from .rendering import page, story

        return page.inside_a_notebook(story.Story(self))
