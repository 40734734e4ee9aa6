"""The pictures that fooled a network, kept as files in a folder, read again from there before they count."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ... import atomic
from ...bundle import Bundle
from ...errors import ConvscopeError, GateFailed, UsageError
from .attack import Attacked
from .rereading import as_file

TABLE = "pictures.csv"
ORIGINALS = "original"  # the folder of the pictures as they were
COLUMNS = (
    "file",
    "original",
    "method",
    "epsilon",
    "label",
    "says",
    "probability",
    "clean_probability",
    "name",
)


@dataclass(frozen=True, eq=False)
class Fooling:
    """One picture, attacked within the smallest epsilon that did, as the network sees it."""

    method: str
    epsilon: float
    position: int  # in the split
    label: int
    original: np.ndarray
    image: np.ndarray


@dataclass(eq=False)
class Fooled:
    """Of each method and picture the first attack that fooled the network. `positions` are of the split."""

    images: np.ndarray
    positions: np.ndarray
    found: dict[tuple[str, int], Fooling] = field(default_factory=dict)

    def add(self, attacked: Attacked) -> None:
        """Epsilons come in their order, the smallest first."""
        for i in np.flatnonzero(attacked.fooled):
            key = attacked.method, int(i)
            if key not in self.found:
                self.found[key] = Fooling(
                    attacked.method,
                    attacked.epsilon,
                    int(self.positions[i]),
                    int(attacked.labels[i]),
                    self.images[i],
                    attacked.images[i].copy(),
                )

    def of(self, method: str) -> list[Fooling]:
        """Those of a method, in the order of their positions."""
        return sorted(
            (one for one in self.found.values() if one.method == method), key=lambda one: one.position
        )


def require_free(folder: Path) -> None:
    """Raises `UsageError` where the folder has something in it."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"--out {folder} is there and not empty; give the name of a new folder.")


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder that gets its name at the end; nothing of it stays where that does not come."""
    require_free(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        made.chmod(0o755)
        try:
            yield made
            if folder.exists():
                folder.rmdir()
            made.rename(folder)
        except BaseException:  # Ctrl-C too
            shutil.rmtree(made, ignore_errors=True)
            raise
    except OSError as error:
        raise ConvscopeError(
            f"cannot write {folder}: {error.strerror or error}; choose another place."
        ) from error


def save_pictures(bundle: Bundle, fooled: Sequence[Fooling], names: Sequence[str], folder: Path) -> None:
    """Write each picture and its original as PNG, and a table of them; then read the pictures again.

    Files are as a person would give them, at the size that the network sees: `predict` takes them. `names`
    are those of the split. Raises `GateFailed` where the network takes one that is read again for what it is.
    """
    preprocessing: Any = bundle.preprocessing
    rows, files = [], []
    for one in fooled:
        at = f"{one.position:06}-{_plain(bundle.classes[one.label])}"
        file, original = f"{one.method}/{at}-epsilon-{one.epsilon:g}.png", f"{ORIGINALS}/{at}.png"
        for name, picture in ((file, one.image), (original, one.original)):
            if not (folder / name).exists():
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_bytes(as_file(preprocessing, picture))
        files.append(file)
        rows.append((file, original, one.method, f"{one.epsilon:g}", bundle.classes[one.label]))
    if not files:
        return
    labels = np.array([one.label for one in fooled])
    said, clean = (
        bundle.probabilities(np.stack([preprocessing.one(folder / row[which]) for row in rows]))
        for which in (0, 1)
    )
    says, lines = said.argmax(1), np.arange(len(rows))
    if not ((says != labels) & (clean.argmax(1) == labels)).all():
        raise GateFailed(
            f"{int((says == labels).sum())} of {len(files)} saved attack pictures no longer fool the network "
            "when they are read again."
        )
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    for i, (row, one) in enumerate(zip(rows, fooled, strict=True)):
        figures = f"{said[i, says[i]]:.6f}", f"{clean[lines[i], labels[i]]:.6f}"
        writer.writerow([*row, bundle.classes[says[i]], *figures, names[one.position]])
    atomic.write_text(folder / TABLE, table.getvalue())


def _plain(name: str) -> str:
    """A class in the name of a file."""
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)[:40]
