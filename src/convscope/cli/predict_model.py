"""The model of `convscope predict`, which people put behind the pictures now and then."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..bundle import FILE_NAME, LATEST, RUNS, STARTER
from ..errors import ConvscopeError, UsageError
from ..untrained import warn_if_untrained
from .run_name import named_run

if TYPE_CHECKING:
    from ..bundle import Bundle


def opened(model: Path, pictures: Sequence[Path]) -> Bundle:
    """The bundle; raises `UsageError` where a picture stands in its place."""
    from ..bundle import Bundle

    try:
        bundle = Bundle.load(model)
        warn_if_untrained(bundle)
        return bundle
    except ConvscopeError:
        models = [path for path in map(named_run, pictures) if (path / FILE_NAME).is_file()]
        if not models and not _is_picture(model):
            raise
    latest = Path(RUNS, LATEST)
    meant = latest.exists() or latest in map(named_run, pictures)
    first = models[0] if models else latest if meant else Path(STARTER.stem)
    others = [path for path in (model, *pictures) if named_run(path) not in (*models, first)]
    right = shlex.join(map(str, ["convscope", "predict", first, *others]))
    raise UsageError(f"the model comes before the pictures: `{right}`.")


def _is_picture(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path):
            return True
    except (OSError, ValueError):
        return False
