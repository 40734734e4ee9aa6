"""What a comparison comes to, in plain words."""

from __future__ import annotations

from ..significance import Prediction, Welch
from .comparison import TESTED, Comparison, McNemar
from .recorded import Conditions
from .wording import chance, difference, number

LEVEL = 0.05  # a p below it is called more than chance


def sentences(comparison: Comparison) -> list[str]:
    """The verdicts on the final accuracy and loss, and what a person should know about them."""
    a, b = comparison.a, comparison.b
    said = []
    if not comparison.same_data:
        said.append("A and B are of different data: their figures say nothing about each other, so no test.")
    elif not comparison.same_pictures:
        said.append(
            f"The final figures of A and B are of different {a.conditions.noun}s of the same data, "
            "so no test."
        )
    elif not (a.is_series or b.is_series):
        said += _of_two_runs(comparison)
    else:
        for figure in TESTED:
            if a.is_series and b.is_series:
                said += _of_two_series(comparison, figure)
            else:
                said += _of_a_run_and_a_series(comparison, figure)
    return said + _remarks(comparison)


def _of_two_series(comparison: Comparison, figure: str) -> list[str]:
    a, b = comparison.a, comparison.b
    first, second = a.spread(figure), b.spread(figure)
    if first is None or second is None:
        return []
    result = comparison.tests.get(figure)
    subject = _better(figure, second.mean - first.mean, a.conditions.split)
    if not isinstance(result, Welch):
        return [
            f"{subject}; no seed of A or B differs from its others, so there is no noise to test against."
        ]
    low, high = (difference(figure, bound).removesuffix(" points") for bound in (result.low, result.high))
    noise = _noise(result.p)
    seeds = f"{first.count} and {second.count} seeds"
    return [
        f"{subject} (95 % interval {low} to {high}); {noise} (Welch's t-test, {chance(result.p)}, {seeds})."
    ]


def _better(figure: str, value: float, split: str) -> str:
    if value == 0:
        return f"A and B have the same mean {split} {figure}"
    if not difference(figure, value).startswith(("+", "−")):
        return f"A and B have almost the same mean {split} {figure}"
    if figure == "accuracy":
        word = "better" if value > 0 else "worse"
        return f"B is {difference(figure, abs(value), sign=False)} {word} in {split} accuracy"
    word = "higher, which is worse" if value > 0 else "lower, which is better"
    return f"B's {split} loss is {difference(figure, abs(value), sign=False)} {word}"


def _of_a_run_and_a_series(comparison: Comparison, figure: str) -> list[str]:
    a, b = comparison.a, comparison.b
    one, many, names = (b, a, "BA") if a.is_series else (a, b, "AB")
    values, spread = one.values(figure), many.spread(figure)
    if values is None or spread is None:
        return []
    value, result = values[0], comparison.tests.get(figure)
    what = f"{names[0]}'s {one.conditions.split} {figure} of {number(figure, value)}"
    if not isinstance(result, Prediction):
        same = "as does" if value == spread.mean else "unlike"
        return [f"Every seed of {names[1]} gives {number(figure, spread.mean)}, {same} {names[0]}."]
    place = "below" if value < result.low else "above" if value > result.high else "within"
    between = (
        f"{number(figure, max(result.low, 0), unit=False)} to {number(figure, _cut(figure, result.high))}"
    )
    return [
        f"{what} lies {place} the {between} where 95 % of single runs like {names[1]}'s lie; "
        f"{_noise(result.p)} (t prediction interval, {chance(result.p)}, {spread.count} seeds)."
    ]


def _of_two_runs(comparison: Comparison) -> list[str]:
    result = comparison.tests["accuracy"]
    assert isinstance(result, McNemar)
    of = comparison.a.conditions
    if result.only_a == result.only_b == 0:
        said = f"A and B get the same of the {of.counted} right."
    else:
        verdict = "more than chance" if result.p < LEVEL else "no more than chance"
        said = (
            f"{_more(result, of)}: {result.only_b:,} that only B does, {result.only_a:,} that only "
            f"A does; {verdict} in the choice of {of.noun}s (exact McNemar test, {chance(result.p)})."
        )
    return [
        said,
        f"The test covers the {of.noun}s, not the seeds: how far another seed alone moves A or B is not "
        "known from one run of each; `convscope train --seeds 30` measures it.",
    ]


def _more(result: McNemar, of: Conditions) -> str:
    more = result.only_b - result.only_a
    if more == 0:
        return f"A and B get as many of the {of.counted} right"
    points = difference("accuracy", abs(more) / of.count, sign=False)
    word = "more" if more > 0 else "fewer"
    return f"B gets {abs(more):,} {word} of the {of.counted} right, {points}"


def _noise(p: float) -> str:
    return "that is more than seed noise" if p < LEVEL else "that is no more than seed noise explains"


def _remarks(comparison: Comparison) -> list[str]:
    said = []
    sides = {"A": comparison.a, "B": comparison.b}
    for name, side in sides.items():
        if side.missing:
            are = "is" if side.missing == 1 else "are"
            said.append(f"{name} is not complete: {side.missing} of its seeds {are} not finished.")
    if comparison.left_out is not None:
        one, many = ("B", "A") if comparison.a.is_series else ("A", "B")
        said.append(
            f"{one} has the recipe of {many} and one of its seeds, {comparison.left_out}: "
            "it is compared with the other seeds."
        )
    elif same := comparison.same_seeds:
        said.append(_of_same_seeds(same, single=not (comparison.a.is_series or comparison.b.is_series)))
    if comparison.same_pictures and comparison.a.conditions.split != "test":
        of = comparison.a.conditions
        said.append(f"There are no test {of.noun}s: these are {of.split} figures.")
    sized = {"net", "size", "channels"} & comparison.settings.keys()  # that make other layers of one network
    if not sized and comparison.same_layers is not True:
        said.append(
            "The layers of the networks are not compared: convscope's graph cannot express them."
            if comparison.same_layers is None
            else "The networks differ in their layers, though they have the same name."
        )
    return said


def _of_same_seeds(seeds: tuple[int, ...], *, single: bool) -> str:
    if single:
        return (
            f"A and B have the same recipe and the same seed, {seeds[0]}: they are one training, done twice."
        )
    count = f"{len(seeds)} seeds are" if len(seeds) > 1 else "1 seed is"
    return (
        f"A and B have the same recipe, and {count} in both of them: the test takes all runs as independent, "
        "which these are not."
    )


def _cut(figure: str, value: float) -> float:
    return min(value, 1.0) if figure == "accuracy" else value
