"""Where a card's network ends: what follows from how it was made, and what nobody has measured."""

from __future__ import annotations

from collections.abc import Iterator

from ...data import Preprocessing
from ...data.usual import Range, Usual
from ...look.breaking.robustness import Robustness
from .description import TO_FILL_IN, chosen_by_validation, takes
from .known import Known
from .markdown import bullets, text

FEW = 100  # training pictures of a class, of which little can be learned
FEW_TESTED = 400  # pictures: of fewer, a share near a half is uncertain by 5 points or more
UNEVEN = 3  # times as many of the largest class as of the smallest
NAMED = 5


def limits(known: Known) -> str:
    """A list of sentences, and a place for what only a person knows."""
    own = f"{TO_FILL_IN} what the network must not be used for, and whom its mistakes would harm."
    return f"{bullets(_limits(known))}\n\n> {own}"


def _limits(known: Known) -> Iterator[str]:
    noun, classes = known.noun, len(known.bundle.classes)
    yield (
        f"It always names one of its {classes:,} classes, whatever the {noun} shows: there is no answer for "
        "none of these, and a high probability is not one that it belongs to any."
    )
    yield from _of_inputs(known)
    yield from _of_data(known)
    yield from _of_figures(known)


def _of_inputs(known: Known) -> Iterator[str]:
    of, usual = known.bundle.preprocessing, known.bundle.usual
    if isinstance(of, Preprocessing):
        yield f"What is smaller than a pixel of {takes(known).split(' of ')[1]} it cannot see." + (
            " It sees no colour." if of.channels == 1 else ""
        )
    if usual is None:
        yield (
            f"What its training {known.noun}s were like is not kept, so `predict` cannot warn of many that "
            "are unlike them."
        )
        return
    if isinstance(of, Preprocessing):
        yield from _of_usual(usual)
    else:
        mean = usual.ranges.get("mean")
        if mean:
            yield (
                f"99 % of its training {known.noun}s have a mean from {mean.low:.3g} to {mean.high:.3g}; "
                "`predict` warns of others."
            )


def _of_usual(usual: Usual) -> Iterator[str]:
    """What the training pictures were like, of which others are unlike."""
    ink, ground, extent = (usual.ranges.get(name) for name in ("ink", "ground", "extent"))
    if ink is not None and ink.low > 0:
        yield "It knows light figures on a dark ground; pictures the other way round need `--invert`."
    elif ink is not None and ink.high < 0:
        yield "It knows dark figures on a light ground; pictures the other way round need `--invert`."
    if ground is not None and ink is not None and (ink.low > 0 or ink.high < 0):
        level, fills = _range(ground), ""
        if extent is not None:
            fills = f", and the figure fills {_range(extent, 100)} % of a side"
        yield f"The ground of 99 % of them is {level} of 255{fills}; `predict` warns of others."
    if usual.smallest and usual.largest:
        (h, w), (height, width) = usual.smallest, usual.largest
        sizes = f"from {h}×{w} to {height}×{width}" if (h, w) != (height, width) else f"{h}×{w}"
        yield f"Before they were resized its training pictures were {sizes}."


def _range(of: Range, unit: float = 1) -> str:
    low, high = (f"{value * unit:.0f}" for value in (of.low, of.high))
    return low if low == high else f"{low} to {high}"


def _of_data(known: Known) -> Iterator[str]:
    train = known.counts.get("train")
    if not train:
        return
    few = [name for name, count in zip(known.bundle.classes, train, strict=False) if count < FEW]
    if few:
        more = f" and {len(few) - NAMED} more" if len(few) > NAMED else ""
        named = ", ".join(map(text, few[:NAMED])) + more
        yield f"Of {named} it has seen fewer than {FEW} training {known.noun}s."
    if min(train) and max(train) >= UNEVEN * min(train):
        times = f"{max(train) / min(train):.1f} times as many"
        yield f"The largest class has {times} training {known.noun}s as the smallest."


def _of_figures(known: Known) -> Iterator[str]:
    evaluation, noun = known.evaluation, known.noun
    if evaluation is None:
        yield "Its accuracy is not known."
        return
    if evaluation.split == "validation":
        flatter = "which also chose the epoch, so they flatter it" if chosen_by_validation(known) else ""
        yield f"There was no test part: the figures are of validation{', ' + flatter if flatter else ''}."
    elif evaluation.split == "train":
        yield "The figures are of what it was trained on, and say nothing of others."
    elif chosen_by_validation(known):
        yield "Validation chose the epoch, the test part chose nothing."
    yield (
        f"The figures are of {noun}s from the same source as those of the training; of those from elsewhere "
        "fewer may be right, and how many has to be measured."
    )
    if evaluation.count < FEW_TESTED:
        yield f"They are of {evaluation.count:,} {noun}s, which are few: see the interval."
    if known.series is None and not known.comes_along:
        what = "is not known" if known.run is None else "was not measured"
        yield f"They are of one training; how much the seed changes {what}."
    if noun == "picture" and not isinstance(known.robustness, Robustness):
        yield "How it bears noise, moves and attacks was not measured."
