"""The report on disk: `report.html` and `figures/*.png`, all of them or none."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from .. import atomic
from ..errors import ConvscopeError
from .content import Report


def write(report: Report, folder: Path) -> Path:
    """Write `report.html` and `figures/*.png` into `folder`, which is made, and return the page's path.

    Everything is written beside its place first and put there at the end, the page last: what is interrupted
    leaves the old report, or none. Raises `ConvscopeError` where the folder cannot be written.

    >>> import numpy as np, tempfile
    >>> from convscope.metrics import EpochFigures, evaluate
    >>> from convscope.report import Absent
    >>> classes, absent = ["cat", "dog"], Absent("There is none.")
    >>> report = Report(
    ...     title="cats and dogs", net="lenet-5", data="a folder", engine="torch", parameters=1234,
    ...     seconds=2.5, epochs=[EpochFigures(1, 0.5, 0.75, None, None, 2.5)], best_epoch=None,
    ...     evaluation=evaluate(np.eye(2, dtype=np.float32), np.array([0, 1]), classes),
    ...     classes=classes, summary_text="conv 6@5x5", calibration=absent, filters=absent,
    ...     feature_maps=absent)
    >>> write(report, Path(tempfile.mkdtemp())).name
    'report.html'
    """
    # Drawing needs matplotlib (0.3 s to import); who only imports this module does not.
    from .drawing import draw
    from .page import render

    drawn = draw(report)
    page = render(report, drawn)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".report-", dir=folder))
    except OSError as error:
        raise ConvscopeError(
            f"cannot make the folder {folder / 'figures'}: {error.strerror or error}. "
            "Choose another place with --out."
        ) from error
    try:
        (beside / "figures").mkdir()
        for name, png in drawn.items():
            atomic.write_bytes(beside / "figures" / f"{name}.png", png)
        # A folder's name need not be UTF-8; Python then carries its bytes as lone surrogates.
        atomic.write_bytes(beside / "report.html", page.encode("utf-8", errors="backslashreplace"))
        _move(beside, folder)
    except ConvscopeError as error:  # with the name of a file that nobody knows
        raise ConvscopeError(str(error).replace(str(beside), str(folder))) from error
    except OSError as error:
        raise ConvscopeError(f"cannot write {folder / 'report.html'}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder / "report.html"


def _move(new: Path, folder: Path) -> None:
    """Figures and page from one folder to the other, in the place of those that are there."""
    figures, old = folder / "figures", new / "old"
    there = figures.exists()
    if there:
        figures.replace(old)
    try:
        (new / "figures").replace(figures)
        (new / "report.html").replace(folder / "report.html")
    except BaseException:  # Ctrl-C too
        shutil.rmtree(figures, ignore_errors=True)
        if there:
            old.replace(figures)
        raise
