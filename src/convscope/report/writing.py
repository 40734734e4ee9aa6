"""The report on disk: `report.html` and `figures/*.png`, each whole or not there."""

from __future__ import annotations

from pathlib import Path

from .. import atomic
from ..errors import ConvscopeError
from .content import Report


def write(report: Report, folder: Path) -> Path:
    """Write `report.html` and `figures/*.png` into `folder`, which is made, and return the page's path.

    Everything is drawn before anything is written, and the page comes last. Raises `ConvscopeError`
    where the folder cannot be written.

    >>> import numpy as np, tempfile
    >>> from convscope.metrics import EpochFigures, evaluate
    >>> classes = ["cat", "dog"]
    >>> report = Report(
    ...     title="cats and dogs", net="lenet-5", data="a folder", engine="torch", parameters=1234,
    ...     seconds=2.5, epochs=[EpochFigures(1, 0.5, 0.75, None, None, 2.5)], best_epoch=None,
    ...     evaluation=evaluate(np.eye(2, dtype=np.float32), np.array([0, 1]), classes),
    ...     classes=classes, summary_text="conv 6@5x5")
    >>> write(report, Path(tempfile.mkdtemp())).name
    'report.html'
    """
    # Drawing needs matplotlib (0.3 s to import); who only imports this module does not.
    from . import figures
    from .page import render

    drawn = {
        "confusion": figures.to_png(figures.confusion(report.evaluation)),
        "per-class": figures.to_png(figures.per_class(report.evaluation)),
    }
    if report.epochs:
        drawn["curves"] = figures.to_png(figures.curves(report.epochs, report.best_epoch))
    page = render(report, drawn)

    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConvscopeError(
            f"cannot make the folder {folder / 'figures'}: {error.strerror or error}. "
            "Choose another place with --out."
        ) from error
    for name, png in drawn.items():
        atomic.write_bytes(folder / "figures" / f"{name}.png", png)
    # A folder's name need not be UTF-8; Python then carries its bytes as lone surrogates.
    atomic.write_bytes(folder / "report.html", page.encode("utf-8", errors="backslashreplace"))
    return folder / "report.html"
