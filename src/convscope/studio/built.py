"""What `make web` builds, and the sentence where it has not."""

from __future__ import annotations

from pathlib import Path

from ..errors import ConvscopeError

STATIC = Path(__file__).parent / "static"
NODE = "Node 20.19 or newer"


class PageNotBuilt(ConvscopeError):
    """There is no page: a checkout in which `make web` has not run."""

    def __init__(self, whose: str = "the studio's") -> None:
        super().__init__(
            f"{whose} page is not built: `make web` builds it in a checkout, with {NODE} (nodejs.org); a "
            "wheel of a release brings it."
        )
