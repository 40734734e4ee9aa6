"""The augmentation of a recipe resolved: what was asked for, and with `--augment` what suits the data."""

from __future__ import annotations

from collections.abc import Mapping

from ..data import InputPreprocessing, Preprocessing
from ..data.subject import Setting, Subject
from ..errors import UsageError
from ..recipe import MOVES, Recipe

_UNITS = {"rotate": "°"}


def resolve_augmentation(
    recipe: Recipe, subject: Subject, preprocessing: InputPreprocessing
) -> tuple[Recipe, list[str]]:
    """The recipe with a number for each move, and a note where `augment` has chosen some.

    What the recipe gives stays. Raises `UsageError` for moves that leave nothing of a picture, and for any of
    a signal.
    """
    if not isinstance(preprocessing, Preprocessing):
        asked = [f"--{name}" for name in ("augment", *MOVES) if getattr(recipe, name)]
        if asked:
            verb = "is" if len(asked) == 1 else "are"
            raise UsageError(f"{' and '.join(asked)} {verb} for pictures; {recipe.data} has signals.")
        return recipe.but(**MOVES), []
    given = {name: value for name in MOVES if (value := getattr(recipe, name)) is not None}
    chosen: dict[str, Setting] = {}
    if recipe.augment:
        suited = subject.augmentation(preprocessing.height, preprocessing.width)
        framed = given.get("shift") or given.get("crop")  # one of the two moves a picture
        chosen = {
            name: value
            for name, value in suited.items()
            if name not in given and not (framed and name in ("shift", "crop"))
        }
    recipe = recipe.but(**{**MOVES, **chosen, **given})
    check_augmentation(recipe, preprocessing)
    return recipe, [_note(recipe, subject, chosen, given)] if recipe.augment else []


def moves_of(recipe: Recipe) -> dict[str, Setting]:
    """The moves of a recipe by name, those that were left open as none."""
    return {name: none if (value := getattr(recipe, name)) is None else value for name, none in MOVES.items()}


def spelled(settings: Mapping[str, Setting]) -> str:
    """Moves in words, those that do nothing left out.

    >>> spelled({"shift": 1, "crop": 0, "flip": True, "rotate": 10.0, "scale": 0.1})
    'shift 1, flip, rotate 10°, scale 0.1'
    """
    words = [
        name if value is True else f"{name} {value:g}{_UNITS.get(name, '')}"
        for name, value in settings.items()
        if value
    ]
    return ", ".join(words) or "none"


def _note(
    recipe: Recipe, subject: Subject, chosen: Mapping[str, Setting], given: Mapping[str, Setting]
) -> str:
    """Everything that will happen; what was chosen comes first, and what might have been expected last."""
    parts = [f"augmentation for {subject.noun}: {spelled(chosen)}"] if chosen else []
    if any(given.values()):
        parts.append(f"as given: {spelled(given)}" if chosen else f"augmentation as given: {spelled(given)}")
    if subject.unmirrored and not recipe.flip:
        parts.append(f"no horizontal flip: {subject.unmirrored}")
    return "; ".join(parts or ["no augmentation, as given"]) + "."


def check_augmentation(recipe: Recipe, preprocessing: Preprocessing) -> None:
    height, width = preprocessing.height, preprocessing.width
    for name in ("shift", "crop", "cutout"):
        pixels = getattr(recipe, name)
        if pixels >= min(height, width):
            raise UsageError(f"--{name} {pixels} is too much for pictures of {height}×{width}.")
