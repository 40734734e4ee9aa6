"""Which files of a folder are pictures of which class and part; no picture is opened here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DataError
from .archive import ArchivePath
from .listing import FOLDER, ending, in_order, is_clutter, names_in
from .pictures import EXTENSIONS
from .stored import StoredFile

Folder = Path | ArchivePath
Picture = Path | StoredFile  # a file that has a picture in it

PARTS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}


@dataclass
class Layout:
    """The picture files of each part and class, and what they are called below `root`."""

    root: Folder
    parts: dict[str, dict[str, list[Picture]]]
    notes: list[str] = field(default_factory=list)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes: those of the folders, sorted."""
        return tuple(sorted(self.parts["train"]))

    def short_name(self, picture: Picture) -> str:
        """What a note calls a picture: its path below `root`."""
        if isinstance(picture, Path) and isinstance(self.root, Path):
            return picture.relative_to(self.root).as_posix()
        return str(picture)[len(str(self.root)) :].lstrip("/")

    def identity(self, part: str, label: str, picture: Picture) -> str:
        """What the checksum of the data calls a picture: here the folders say its part and class."""
        return self.short_name(picture)


def find_layout(root: Folder, *, fewest_classes: int = 2) -> Layout:
    """The classes below `root`: one folder per class, directly or in train, val and test folders.

    Hidden files and the systems' clutter are passed over; files that are no pictures by their
    extension are counted in a note. Raises `DataError` for a layout that cannot be learnt from.
    """
    folders = subfolders(root)
    if not folders:
        raise DataError(_no_classes(root))
    ignored: Counter[str] = Counter()
    given = _given_parts(folders)
    if "train" in given or len(folders) == sum(map(len, given.values())):
        layout = _with_parts(root, folders, given, ignored, fewest_classes)
    else:
        layout = Layout(root, {"train": _classes(root, ignored)})
        if len(layout.classes) < fewest_classes:
            raise DataError(_one_class(root, layout.classes[0]))
    if ignored:
        layout.notes.append(f"files that are not pictures of a class were passed over: {spelled(ignored)}.")
    return layout


def _given_parts(folders: list[Folder]) -> dict[str, list[Folder]]:
    """The folders that are parts by name; among classes, one with pictures in it is a class (a vehicle)."""
    named = {
        folder: part for folder in folders for part, names in PARTS.items() if folder.name.lower() in names
    }
    given: dict[str, list[Folder]] = {}
    for folder, part in named.items():
        if len(named) == len(folders) or subfolders(folder):
            given.setdefault(part, []).append(folder)
    return given


def _with_parts(
    root: Folder,
    folders: list[Folder],
    given: dict[str, list[Folder]],
    ignored: Counter[str],
    fewest_classes: int,
) -> Layout:
    for part, same in given.items():
        if len(same) > 1:
            names = " and ".join(folder.name for folder in same)
            raise DataError(f"{root} has two folders for {part}, {names}; keep one.")
    if "train" not in given:
        names = " and ".join(folder.name for folder in folders)
        raise DataError(
            f"{root} has {names} but no train folder; add {root / 'train'} with a folder per class."
        )
    layout = Layout(root, {part: _classes(given[part][0], ignored) for part in PARTS if part in given})
    others = [folder.name for folder in folders if [folder] not in given.values()]
    if others:
        layout.notes.append(f"folders beside train were passed over: {', '.join(others)}.")
    train_folder = given["train"][0]
    if len(layout.classes) < fewest_classes:
        raise DataError(_one_class(train_folder, layout.classes[0]))
    for part, classes in layout.parts.items():
        missing = sorted(set(layout.classes) - set(classes))
        extra = sorted(set(classes) - set(layout.classes))
        if missing or extra:
            name = given[part][0].name
            differences = [f"only in {train_folder.name}: {', '.join(missing)}"] if missing else []
            differences += [f"only in {name}: {', '.join(extra)}"] if extra else []
            raise DataError(
                f"{train_folder.name} and {name} of {root} have different classes "
                f"({'; '.join(differences)}); rename or move the folders so that they agree."
            )
    return layout


def spelled(kinds: Counter[str]) -> str:
    """How many files of each kind there are, in words.

    >>> spelled(Counter({".txt": 2, ".md": 1}))
    '1 .md, 2 .txt'
    """
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))


def _classes(folder: Folder, ignored: Counter[str]) -> dict[str, list[Picture]]:
    classes = {}
    for class_folder in subfolders(folder):
        others: Counter[str] = Counter()
        pictures: list[Picture] = [within / name for within, name in picture_files(class_folder, others)]
        if not pictures:
            found = spelled(others)
            has = f"no pictures, only other files ({found})" if found else "no pictures"
            raise DataError(
                f"class {class_folder.name!r} has {has}: {class_folder}. "
                "Put pictures in it, or delete the folder."
            )
        ignored.update(others)
        classes[class_folder.name] = pictures
    if not classes:
        raise DataError(_no_classes(folder))
    for name in _listing(folder):
        if (folder / name).is_file():
            ignored[kind_of_name(name)] += 1
    return classes


def picture_files(
    folder: Folder, others: Counter[str], endings: AbstractSet[str] = EXTENSIONS
) -> Iterator[tuple[Folder, str]]:
    """Picture files in a folder and below it, in order: the folder that each is in, and its name.

    They are told by the endings of their names. The rest is counted in `others`. Links to folders are left
    out: they may lead round in a circle.
    """
    for name in in_order(_contents(folder)):
        if name.endswith(FOLDER):
            yield from picture_files(folder / name[:-1], others, endings)
        elif ending(name) in endings:
            yield folder, name
        else:
            others[kind_of_name(name)] += 1


def _contents(folder: Folder) -> Iterator[str]:
    if not isinstance(folder, ArchivePath):
        yield from names_in(folder)
        return
    for path in folder.iterdir():
        if not is_clutter(path.name):
            yield path.name + (FOLDER if path.is_dir() else "")


def subfolders(folder: Folder) -> list[Folder]:
    return [folder / name for name in _listing(folder) if (folder / name).is_dir()]


def _listing(folder: Folder) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir() if not is_clutter(path.name))
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}.") from error


def kind_of_name(name: str) -> str:
    return Path(name).suffix.lower() or "without extension"


def _no_classes(folder: Folder) -> str:
    lying = sum(Path(name).suffix.lower() in EXTENSIONS for name in _listing(folder))
    if lying:
        noun = "picture lies" if lying == 1 else "pictures lie"
        return (
            f"{lying} {noun} directly in {folder}, so no classes are known; "
            "make one folder per class in it and move the pictures there."
        )
    return f"{folder} has no class folders; put one folder of pictures per class in it."


def _one_class(folder: Folder, name: str) -> str:
    hint = "a classifier needs at least two class folders"
    if subfolders(folder / name):
        hint = f"if the classes are inside that folder, give {folder / name}"
    return f"{folder} has one class only, {name!r}; {hint}."
