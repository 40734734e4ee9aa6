"""What a card says of a network before its figures: what it is, what it takes, and how it was made."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from ...columns import in_bytes, printable
from ...data import Preprocessing
from ...errors import ConvscopeError
from ...metrics import wilson_interval
from ...recipe import Recipe
from .. import in_words
from ..entrance import Entrance
from ..facts import without_folders
from .known import Known
from .markdown import block, bullets, code, folded, interval, percent, quoted, table, text

if TYPE_CHECKING:
    from ..exporting import Exported

NAMED = 20  # classes in a sentence
LISTED = 50  # classes in a table
TO_FILL_IN = "**To fill in:**"


def opening(known: Known) -> str:
    """In one paragraph."""
    bundle, evaluation = known.bundle, known.evaluation
    parameters = known.info.get("parameters")
    of = f" of {parameters:,} parameters" if parameters else ""
    what = f"**{text(bundle.net)}** is a convolutional neural network{of} that puts {takes(known)} into "
    what += f"{len(bundle.classes):,} classes: {class_names(bundle.classes)}."
    if known.data:
        what += f" It was trained on {text(known.data)} with convscope {_version(known)}."
    if evaluation:
        share, ends = evaluation.accuracy, wilson_interval(evaluation.correct, evaluation.count)
        what += (
            f" Of {evaluation.count:,} {evaluation.split} {known.noun}s it reads **{percent(share)}** right "
            f"(95 % interval {interval(ends)})."
        )
    return what


def takes(known: Known) -> str:
    """Its inputs in words, such as "grey pictures of 28×28"."""
    of = known.bundle.preprocessing
    if isinstance(of, Preprocessing):
        return f"{'grey' if of.channels == 1 else 'colour'} pictures of {of.height}×{of.width}"
    return f"{known.noun}s of {_shape(known)}"


def _shape(known: Known) -> str:
    """Of what a person gives."""
    return "×".join(map(str, Entrance(known.bundle.preprocessing).shape))


def class_names(classes: tuple[str, ...]) -> str:
    """The first 20, and how many more."""
    named = ", ".join(text(name) for name in classes[:NAMED])
    return f"{named} and {len(classes) - NAMED:,} more" if len(classes) > NAMED else named


def use(known: Known, exported: tuple[Exported, ...]) -> str:
    """Commands and Python, and the other forms where there are any."""
    example, file = known.bundle.preprocessing.example, known.file
    commands = [f"convscope predict {_quoted(file)} {example}"]
    if known.run is not None or known.recipe:
        commands.append(f"convscope eval {_quoted(file)}")
    commands.append(f"convscope export {_quoted(file)} --format onnx --out network.onnx")
    python = (
        "from convscope import Bundle\n\n"
        f"bundle = Bundle.load({quoted(file)})\n"
        f'prediction = bundle.predict("{example}")[0]\n'
        "print(prediction.label, prediction.probability)"
    )
    file_is = f"{in_bytes(known.bytes)}, sha256 {code(known.bundle.sha256)}"
    which = (
        f"It comes with convscope, under the name `starter` ({file_is})."
        if known.comes_along
        else f"{code(file)} ({file_is}) holds weights, layers, classes and preprocessing, and "
        "runs no code when it is read."
    )
    parts = [which, block("console", "\n".join(f"$ {line}" for line in commands)), block("python", python)]
    if exported:
        rows = [("file", "form", "size", "compared with the bundle")]
        rows += [
            (code(one.path.name), text(one.format), in_bytes(one.bytes), _proof(one)) for one in exported
        ]
        parts += ["In other forms:", table(rows)]
    return "\n\n".join(parts)


def _proof(exported: Exported) -> str:
    """How far it was from the bundle."""
    if exported.quantized is not None:
        return text(" ".join(f"{said[0].upper()}{said[1:]}." for said in exported.quantized.sentences))
    proof = exported.proof
    if proof is None:
        return "not compared: nothing here could run it"
    return f"{text(proof.what)}, no probability differs by more than {proof.largest:.1e}"


def inputs(known: Known) -> str:
    """What is done to a picture before the network sees it."""
    of = known.bundle.preprocessing
    if isinstance(of, Preprocessing):
        what = "One picture is a file of any size (JPEG, PNG, GIF, BMP, WebP, TIFF, PPM)."
    else:
        what = f"One {of.noun} is an array of {_shape(known)} numbers; others are refused."
    steps = bullets(map(text, in_words.before(Entrance(of, inside=False))))
    return f"{what} Before the network sees it, convscope does this:\n\n{steps}"


def data(known: Known) -> str:
    """Its name, checksum, parts and classes; its licence is left to fill in."""
    if known.data is None:
        parts = ["The bundle does not say on which data it was trained."]
    else:
        checksum = str((known.info.get("data") or {}).get("checksum", ""))
        parts = [f"{text(known.data)}, of which the sha256 is {code(checksum)}."]
    counts = known.counts
    if counts:
        rows = [("part", f"{known.noun}s", "of the smallest class", "of the largest")]
        rows += [
            (part, f"{sum(of):,}", f"{min(of):,}", f"{max(of):,}") for part, of in counts.items() if sum(of)
        ]
        parts.append(table(rows, right=[1, 2, 3]))
        if "train" not in counts:
            parts.append("How many it was trained on is not kept in this bundle.")
        if 1 < len(known.bundle.classes) <= LISTED:
            each = [("class", *counts)]
            each += [
                (text(name), *(f"{of[i]:,}" for of in counts.values()))
                for i, name in enumerate(known.bundle.classes)
            ]
            columns = range(1, len(counts) + 1)
            parts.append(folded(f"{known.noun.capitalize()}s of each class", table(each, right=columns)))
    parts.append(
        f"> {TO_FILL_IN} where the {known.noun}s come from, who made them, under which licence they may be "
        "used, and whether there are people in them. convscope does not know."
    )
    return "\n\n".join(parts)


def training(known: Known) -> str:
    """What matters of the recipe, and all of it."""
    recipe, info, run = known.recipe, known.info, known.run
    if not recipe:
        return "It was trained elsewhere: the bundle has no recipe."
    parts = []
    if info.get("by_hand"):
        parts.append("Its steps were taken by a program, which the recipe does not hold.")
    kept = (info.get("metrics") or {}).get("epoch")
    how = "the best in validation" if chosen_by_validation(known) else "the last"
    rows = [("setting", "value"), ("epochs", f"{recipe.get('epochs')}")]
    rows += [("weights", f"of epoch {kept}, {how}")] if kept else []
    rows += [("batches", f"of {recipe.get('batch_size')}")]
    schedule = f"{recipe.get('schedule')} schedule, {recipe.get('lr'):g}" if recipe.get("lr") else "its own"
    rows += [("optimiser", str(recipe.get("optimizer"))), ("learning rate", schedule)]
    rows += [("augmentation", _augmentation(recipe)), ("seed", str(recipe.get("seed")))]
    if run is not None:
        rows.append(("time", f"{run.seconds:,.1f} s by the {run.engine} engine"))
    if origin := info.get("pretrained"):
        rows.append(("began with", f"{text(PurePath(str(origin.get('file'))).name)}, whose layers before "
                     f"the last {'stayed' if recipe.get('freeze') else 'were trained on'}"))  # fmt: skip
    parts.append(table(rows))
    notes = run.notes if run is not None else info.get("notes") or ()
    if notes:
        parts.append(bullets(text(str(note)) for note in notes))
    parts.append(folded("The whole recipe", block("toml", _toml(recipe))))
    return "\n\n".join(parts)


def chosen_by_validation(known: Known) -> bool:
    """Whether validation chose the epoch whose weights these are."""
    validated = "validation" in known.counts or known.evaluation is None
    return validated and known.recipe.get("keep") == "best"


def _augmentation(recipe: Mapping[str, Any]) -> str:
    from ...training.augment import moves_of, spelled

    try:
        return spelled(moves_of(Recipe.of(**recipe)))
    except ConvscopeError:
        return "not known: the recipe is of another version of convscope"


def _toml(recipe: Mapping[str, Any]) -> str:
    """As a file has it, or as it is where it is of another version."""
    short = without_folders(recipe)
    try:
        return Recipe.of(**short).to_toml()
    except ConvscopeError:
        return "\n".join(f"{name} = {printable(repr(value))}" for name, value in short.items())


def made_with(known: Known) -> str:
    """Versions and the machine."""
    named: list[tuple[str, str]] = [("with", "version")]
    named += [(text(str(k)), text(str(v))) for k, v in (known.info.get("versions") or {}).items()]
    machine = known.info.get("machine") or {}
    parts = [table(named)] if len(named) > 1 else ["The bundle does not say with which versions."]
    words = {"processor": "{}", "cores": "{} cores", "system": "{}"}
    told = [words[name].format(text(str(machine[name]))) for name in words if name in machine]
    if told:
        parts.append(f"On {', '.join(told)}.")
    return "\n\n".join(parts)


def _version(known: Known) -> str:
    return text(str((known.info.get("versions") or {}).get("convscope", "of an unknown version")))


def _quoted(file: str) -> str:
    return shlex.quote(file)
