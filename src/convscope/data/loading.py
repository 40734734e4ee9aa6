"""From an opened source to a data set: who is held out, and what is read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import DataError, UsageError
from .dataset import Dataset, Split
from .input_preprocessing import InputPreprocessing
from .preprocessing import Preprocessing
from .source import Names, Progress, Reading, Source
from .split import TEST_SEED, check_fraction, hold_out

#: Held out for the test where a folder comes without any parts.
DEFAULT_TEST_FRACTION = 0.15
_MENTIONED = 5  # broken pictures that are named one by one


def load(
    source: Source,
    preprocessing: InputPreprocessing,
    *,
    validation: float = 0.1,
    test_fraction: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Dataset:
    """Read every picture (or signal) of `source` through `preprocessing`, and split.

    `validation` is the share of the training part that is held out with `seed` (0: none); a part that
    the source brings wins over it. `test_fraction` is held out of the training part the same way, but
    never depends on `seed`; None means 0.15 where the source has neither a test nor a validation part,
    and nothing otherwise. `Dataset.notes` says what was held out or skipped.

    Raises `UsageError` for a fraction that is none, or a `test_fraction` beside a given test part, and
    `DataError` where a class is too small to be split or loses all its pictures because they are broken, and
    for a preprocessing of another kind of input.

    >>> from convscope.data import open_source
    >>> source = open_source("digits")
    >>> dataset = load(source, source.default_preprocessing())
    >>> len(dataset.train), len(dataset.validation), len(dataset.test), dataset.train.images.shape
    (1294, 144, 359, (1294, 8, 8, 1))
    """
    check_fraction(validation, flag="--validation")
    if test_fraction is not None:
        check_fraction(test_fraction, flag="--test-fraction")
    if preprocessing.noun != source.noun:
        raise DataError(
            f"{source.name} has {source.noun}s, and the network takes {preprocessing.noun}s of "
            f"{'×'.join(map(str, preprocessing.input_shape))}."
        )
    plan, notes = _plan(source, validation=validation, test_fraction=test_fraction, seed=seed)
    splits: dict[str, Split] = {}
    digests: dict[str, str] = {}
    broken: list[str] = []
    for name, (part, positions) in plan.items():
        reading = source.read(part, positions, preprocessing, progress)
        given = source.parts[part]
        splits[name] = Split(
            reading.images,
            given.labels[reading.kept],
            _pick(given.names, reading.kept),
            sizes=None if given.sizes is None else given.sizes[reading.kept],
        )
        digests.update(reading.digests)
        broken += [reason for _, reason in reading.broken]
        _check_classes(source, part, name, reading)
    return Dataset(
        name=source.name,
        classes=source.classes,
        preprocessing=preprocessing,
        train=splits["train"],
        validation=splits.get("validation"),
        test=splits.get("test"),
        notes=(*source.notes, *skipped(broken, source.noun), *notes),
        checksum=source.checksum(digests),
        grey=isinstance(preprocessing, Preprocessing) and source.channels == 1,
    )


def skipped(reasons: Sequence[str], noun: str = "picture") -> list[str]:
    """The note on pictures (or signals) that were left out, none for none.

    >>> skipped(["a/1.png is empty (0 bytes)."])
    ['skipped 1 picture that cannot be read: a/1.png is empty (0 bytes).']
    """
    if not reasons:
        return []
    count = f"{len(reasons)} {noun}{'s' if len(reasons) > 1 else ''}"
    named = " ".join(reasons[:_MENTIONED])
    more = f" And {len(reasons) - _MENTIONED} more." if len(reasons) > _MENTIONED else ""
    return [f"skipped {count} that cannot be read: {named}{more}"]


def _plan(
    source: Source, *, validation: float, test_fraction: float | None, seed: int
) -> tuple[dict[str, tuple[str, np.ndarray]], list[str]]:
    """For each split of the data set the part it is read from and the positions there; and the notes."""
    notes = []
    plan = {name: (name, np.arange(len(part), dtype=np.int64)) for name, part in source.parts.items()}
    if "test" in plan and test_fraction:
        raise UsageError(f"{source.name} has its own test {source.noun}s; leave --test-fraction out.")
    single = set(plan) == {"train"}
    if test_fraction is None:
        test_fraction = DEFAULT_TEST_FRACTION if single else 0.0
    if "validation" in plan:
        validation = 0.0
    _check_sizes(source, (test_fraction > 0) + (validation > 0))
    train = plan["train"][1]
    labels = source.parts["train"].labels
    if test_fraction:
        train, test = hold_out(labels, test_fraction, seed=TEST_SEED, classes=source.classes)
        plan["test"] = ("train", test)
        notes.append(
            f"{len(test)} of {len(labels)} {source.noun}s are held out for the test "
            f"({test_fraction:.0%} of each class, the same for every seed); --test-fraction changes that."
        )
    if validation:
        kept, held = hold_out(labels[train], validation, seed=seed, classes=source.classes)
        plan["validation"] = ("train", train[held])
        train = train[kept]
    plan["train"] = ("train", train)
    if "test" not in plan and "validation" in plan:
        notes.append(without_test(source.noun))
    return plan, notes


def without_test(noun: str) -> str:
    """The note on a training whose figures are of pictures (or signals) that it chose its weights by."""
    return (
        f"no test set: these are validation figures, of the {noun}s that the best epoch was chosen by; "
        "--test-fraction 0.2 holds some out."
    )


def _check_sizes(source: Source, held_out: int) -> None:
    if held_out == 0:
        return
    needed = held_out + 1
    purposes = "to train on and to hold out" if needed == 2 else "for training, validation and test"
    for name, count in source.class_counts("train").items():
        if 0 < count < needed:
            noun = source.noun if count == 1 else f"{source.noun}s"
            raise DataError(
                f"class {name!r} of {source.name} has {count} {noun} to train on, and {needed} are needed: "
                f"one each {purposes}. Add {source.noun}s, or hold less out: --validation 0, "
                "--test-fraction 0 or both."
            )


def _check_classes(source: Source, part: str, split: str, reading: Reading) -> None:
    if not reading.broken:
        return
    if len(reading.kept) == 0:
        raise DataError(
            f"none of the {len(reading.broken)} {split} {source.noun}s of {source.name} can be read; "
            f"the first: {reading.broken[0][1]}"
        )
    labels = source.parts[part].labels
    left = set(labels[reading.kept].tolist())
    for position, reason in reading.broken:
        if int(labels[position]) not in left:
            raise DataError(
                f"class {source.classes[labels[position]]!r} of {source.name} has no {split} {source.noun} "
                f"left, because they cannot be read: {reason} Replace the broken {source.noun}s."
            )


def _pick(names: Sequence[str], positions: np.ndarray) -> Sequence[str]:
    if isinstance(names, Names):
        return names.pick(positions)
    return [names[position] for position in positions]
