"""Two runs side by side: what differs, and the verdict, against scipy.stats and golden sentences."""

from __future__ import annotations

import csv
import itertools
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import convscope
from convscope.errors import ConvscopeError, UsageError
from convscope.runs.comparison import Comparison, McNemar, Side, _tests, compare
from convscope.runs.recorded import Conditions
from convscope.runs.seed_runs import SeedFigures
from convscope.runs.verdict import sentences

FAST = {"net": "simple-cnn-16-32", "epochs": 1, "quiet": True}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two series that differ in the learning rate, and a run of another one."""
    root = tmp_path_factory.mktemp("compared")
    convscope.train_seeds("digits", seeds=3, out=root / "slow", **FAST)
    convscope.train_seeds("digits", seeds=4, seed=10, lr=0.01, out=root / "fast", **FAST)
    convscope.train("digits", batch_size=32, out=root / "run", **FAST)
    return {name: root / name for name in ("slow", "fast", "run")}


def figures(series: Path, name: str) -> list[float]:
    return [json.loads(file.read_text())["test"][name] for file in sorted(series.glob("*/result.json"))]


def right(run: Path) -> np.ndarray:
    with (run / "predictions.csv").open(encoding="utf-8", newline="") as file:
        return np.array([row["class"] == row["predicted"] for row in csv.DictReader(file)])


@pytest.mark.parametrize("figure", ["accuracy", "loss"])
def test_two_series_are_compared_as_scipy_does(folders: dict[str, Path], figure: str) -> None:
    test = compare(folders["slow"], folders["fast"]).to_dict()["tests"][figure]
    slow, fast = figures(folders["slow"], figure), figures(folders["fast"], figure)
    expected = stats.ttest_ind(fast, slow, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert test["test"] == "welch"
    assert test["difference"] == pytest.approx(np.mean(fast) - np.mean(slow))
    assert test["p"] == pytest.approx(expected.pvalue, rel=1e-6)
    assert (test["low"], test["high"]) == pytest.approx((interval.low, interval.high), rel=1e-6)


def test_what_differs_is_named(folders: dict[str, Path]) -> None:
    document = compare(folders["slow"], folders["fast"]).to_dict()
    assert document["settings"] == {"lr": [0.005, 0.01]}  # not the seeds: they are no setting of a series
    assert (document["same_data"], document["same_pictures"], document["same_layers"]) == (True,) * 3
    assert document["versions"] == {}
    single = compare(folders["slow"] / "seed-2", folders["run"]).to_dict()
    assert single["settings"] == {"batch_size": [64, 32], "seed": [2, 0]}
    json.dumps(document, allow_nan=False)


def test_two_runs_are_compared_on_their_pictures(folders: dict[str, Path]) -> None:
    a, b = folders["slow"] / "seed-0", folders["run"]
    only_a, only_b = int((right(a) & ~right(b)).sum()), int((right(b) & ~right(a)).sum())
    result = compare(a, b)
    assert result.to_dict()["tests"] == {
        "accuracy": {
            "test": "mcnemar",
            "only_a": only_a,
            "only_b": only_b,
            "p": pytest.approx(stats.binomtest(only_a, only_a + only_b, 0.5).pvalue),
        }
    }
    said = " ".join(sentences(result))
    assert "covers the pictures, not the seeds" in said
    assert "convscope train --seeds" in said


def test_a_run_is_looked_for_among_those_of_a_series(folders: dict[str, Path]) -> None:
    for a, b in (("run", "fast"), ("fast", "run")):
        test = compare(folders[a], folders[b]).to_dict()["tests"]["accuracy"]
        values, one = figures(folders["fast"], "accuracy"), convscope.Bundle.load(folders["run"])
        scale = np.std(values, ddof=1) * np.sqrt(1 + 1 / 4)
        low, high = stats.t.interval(0.95, 3, loc=np.mean(values), scale=scale)
        assert (test["low"], test["high"]) == pytest.approx((low, high), rel=1e-6)
        t = (one.info["metrics"]["test"]["accuracy"] - np.mean(values)) / scale
        assert test["p"] == pytest.approx(2 * stats.t.sf(abs(t), 3), rel=1e-6)


def test_a_run_of_the_series_is_compared_with_the_others(folders: dict[str, Path]) -> None:
    result = compare(folders["fast"], folders["fast"] / "seed-11")
    assert [run.seed for run in result.a.runs] == [10, 12, 13]
    assert result.to_dict()["left_out"] == 11
    remark = "B has the recipe of A and one of its seeds, 11: it is compared with the other seeds."
    assert remark in sentences(result)
    mirrored = compare(folders["fast"] / "seed-11", folders["fast"])
    remark = "A has the recipe of B and one of its seeds, 11: it is compared with the other seeds."
    assert remark in sentences(mirrored)
    assert mirrored.tests == result.tests


def test_a_run_trained_again_by_itself_is_known_too(folders: dict[str, Path], tmp_path: Path) -> None:
    convscope.train("digits", seed=11, lr=0.01, threads=1, out=tmp_path / "again", **FAST)
    within, alone = (
        compare(folders["fast"], run) for run in (folders["fast"] / "seed-11", tmp_path / "again")
    )
    assert (alone.left_out, alone.tests) == (11, within.tests)
    assert sentences(alone) == sentences(within)
    twice = compare(folders["fast"] / "seed-11", tmp_path / "again")
    assert twice.to_dict()["same_seeds"] == [11]
    assert sentences(twice)[-1] == (
        "A and B have the same recipe and the same seed, 11: they are one training, done twice."
    )
    assert compare(folders["slow"], folders["fast"] / "seed-11").left_out is None  # another recipe


def test_series_that_share_seeds_are_said_to(folders: dict[str, Path], tmp_path: Path) -> None:
    convscope.train_seeds("digits", seeds=3, seed=12, lr=0.01, out=tmp_path / "more", **FAST)
    result = compare(folders["fast"], tmp_path / "more")
    assert result.same_seeds == (12, 13)
    assert sentences(result)[-1].startswith("A and B have the same recipe, and 2 seeds are in both of them")
    assert compare(folders["slow"], folders["fast"]).same_seeds == ()


@pytest.mark.parametrize("name", ["run", "fast"])
def test_nothing_is_compared_with_itself(folders: dict[str, Path], name: str) -> None:
    twin = folders[name] / "bundle.safetensors" if name == "run" else folders[name] / "seed-10" / ".."
    with pytest.raises(UsageError, match="A and B are the same") as caught:
        compare(folders[name], twin)
    assert caught.value.exit_code == 2


def test_a_series_without_a_finished_seed_is_said(folders: dict[str, Path], tmp_path: Path) -> None:
    cut = tmp_path / "cut" / "seed-10"
    shutil.copytree(folders["fast"] / "seed-10", cut)
    (cut / "result.json").unlink()
    with pytest.raises(ConvscopeError, match=rf"none is finished.* --recipe {cut}/recipe.toml --seeds N"):
        compare(cut.parent, folders["run"])


def test_a_path_within_a_run_will_do(folders: dict[str, Path]) -> None:
    latest = folders["run"].parent / "latest"
    latest.write_text("run")  # where links are not to be had
    expected = compare(folders["run"], folders["slow"]).tests
    assert compare(latest, folders["slow"]).tests == expected
    assert compare(folders["run"] / "bundle.safetensors", folders["slow"]).tests == expected


def test_other_data_and_other_pictures_are_not_tested(
    folders: dict[str, Path], picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = picture_folder({"cat": 20, "dog": 20})
    runs = [
        convscope.train(folder, test_fraction=share, seed=seed, out=tmp_path / f"{share}-{seed}", **FAST).path
        for share, seed in ((0.2, 0), (0.4, 0))
    ]
    result = compare(folders["run"], runs[0])
    assert (result.same_data, dict(result.tests)) == (False, {})
    assert sentences(result)[0].startswith("A and B are of different data")
    result = compare(runs[0], runs[1])
    assert (result.same_data, result.same_pictures, dict(result.tests)) == (True, False, {})
    assert "different pictures of the same data" in sentences(result)[0]


def test_pictures_held_out_by_the_seed_are_comparable_between_series(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = picture_folder({"cat": 12, "dog": 12})
    settings = {**FAST, "test_fraction": 0, "validation": 0.25}
    for name, more in (("a", {}), ("b", {"lr": 0.02, "seed": 7}), ("c", {"validation": 0.5})):
        convscope.train_seeds(folder, seeds=2, out=tmp_path / name, **{**settings, **more})
    assert compare(tmp_path / "a", tmp_path / "b").same_pictures
    assert "There are no test pictures: these are validation figures." in sentences(
        compare(tmp_path / "a", tmp_path / "b")
    )
    assert not compare(tmp_path / "a", tmp_path / "c").same_pictures
    assert not compare(tmp_path / "a" / "seed-0", tmp_path / "a" / "seed-1").same_pictures


def test_a_network_that_changed_under_its_name_is_noticed(folders: dict[str, Path]) -> None:
    graph = Conditions.read(folders["run"]).graph
    assert graph == Conditions.read(folders["slow"] / "seed-1").graph
    first, second = side([0.9, 0.8], graph=graph), side([0.9, 0.8], graph="other")
    assert (
        said_of(first, second)[-1] == "The networks differ in their layers, though they have the same name."
    )
    assert said_of(first, side([0.9, 0.8], graph=None))[-1] == (
        "The layers of the networks are not compared: convscope's graph cannot express them."
    )


@pytest.mark.parametrize("missing", ["result.json", "predictions.csv", "bundle.safetensors"])
def test_what_is_no_finished_run_is_said(folders: dict[str, Path], missing: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folders["slow"] / "seed-0", copy)
    (copy / missing).unlink()
    expected = "is not finished" if missing == "result.json" else missing.split(".")[0]
    with pytest.raises(ConvscopeError, match=expected):
        compare(folders["run"], copy)


def test_what_is_no_run_at_all_is_said(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ConvscopeError, match="neither a run nor a folder of seeds"):
        compare(folders["run"], tmp_path)
    with pytest.raises(ConvscopeError, match="no run or bundle"):
        compare(tmp_path / "nowhere", folders["run"])


def test_a_series_of_one_finished_seed_is_too_short(folders: dict[str, Path], tmp_path: Path) -> None:
    document = json.loads((folders["slow"] / "seeds.json").read_text())
    for count in (1, 2):
        cut = {**document, "runs": document["runs"][:count]}
        (tmp_path / "seeds.json").write_text(json.dumps(cut))
        if count == 1:
            with pytest.raises(ConvscopeError, match=r"has 1 finished seed .* 2 or more are needed"):
                compare(tmp_path, folders["run"])
    said = sentences(compare(tmp_path, folders["run"]))
    assert "A is not complete: 1 of its seeds is not finished." in said


FIRST_SEEDS = itertools.count(0, 1000)  # no two sides share any
CONDITIONS = Conditions(
    net="lenet-5", data="digits", engine="torch", parameters=1, noun="picture", split="test", count=400,
    recipe={}, checksum="0", pictures="1", graph="2", versions={}, machine={},
)  # fmt: skip


def side(accuracies: Sequence[float], *, losses: Sequence[float] = (), **conditions: Any) -> Side:
    runs = tuple(
        SeedFigures(seed, f"seed-{seed}", accuracy, loss, None, None, 0.1, 1, 1.0, {})
        for seed, (accuracy, loss) in enumerate(
            zip(accuracies, losses or [float("nan")] * len(accuracies), strict=True), start=next(FIRST_SEEDS)
        )
    )
    made = replace(CONDITIONS, **conditions)
    return Side(Path("somewhere"), made, runs, None if len(runs) == 1 else 0)


def said_of(a: Side, b: Side) -> list[str]:
    return sentences(Comparison(a, b, None, _tests(a, b)))


SPREAD_30 = [0.99 + 0.0005 * (number % 5 - 2) for number in range(30)]


def test_more_than_seed_noise() -> None:
    better = [accuracy + 0.0012 for accuracy in SPREAD_30]
    assert said_of(side(SPREAD_30), side(better)) == [
        "B is 0.12 points better in test accuracy (95 % interval +0.08 to +0.16); that is more than seed "
        "noise (Welch's t-test, p < 0.001, 30 and 30 seeds)."
    ]


def test_no_more_than_seed_noise() -> None:
    worse = [accuracy - 0.0002 for accuracy in SPREAD_30[:10]]
    p = stats.ttest_ind(worse, SPREAD_30, equal_var=False).pvalue
    assert said_of(side(SPREAD_30), side(worse)) == [
        "B is 0.02 points worse in test accuracy (95 % interval −0.08 to +0.04); that is no more than seed "
        f"noise explains (Welch's t-test, p = {p:.3g}, 30 and 10 seeds)."
    ]


def test_of_losses() -> None:
    a, b = side([0.9, 0.9], losses=[0.10, 0.12]), side([0.9, 0.9], losses=[0.30, 0.31])
    said = said_of(a, b)
    assert said[0] == (
        "A and B have the same mean test accuracy; no seed of A or B differs from its others, so there is "
        "no noise to test against."
    )
    assert said[1].startswith("B's test loss is 0.1950 higher, which is worse (95 % interval +0.")


def test_a_difference_that_is_printed_as_nothing_has_no_sign() -> None:
    a, b = side([0.9, 0.9], losses=[0.10, 0.12]), side([0.9, 0.9], losses=[0.10, 0.1199999])
    assert said_of(a, b)[1].startswith("A and B have almost the same mean test loss (95 % interval −0.0")


def test_a_run_in_and_out_of_a_series() -> None:
    t = (np.mean(SPREAD_30) - 0.9895) / (np.std(SPREAD_30, ddof=1) * np.sqrt(1 + 1 / 30))
    (inside,) = said_of(side(SPREAD_30), side([0.9895]))
    assert inside == (
        "B's test accuracy of 98.95 % lies within the 98.85 to 99.15 % where 95 % of single runs like A's "
        "lie; that is no more than seed noise explains (t prediction interval, "
        f"p = {2 * stats.t.sf(t, 29):.3g}, 30 seeds)."
    )
    (outside,) = said_of(side([0.95]), side(SPREAD_30))
    assert outside.startswith("A's test accuracy of 95.00 % lies below the")
    assert "that is more than seed noise (t prediction interval, p < 0.001, 30 seeds)" in outside
    (flat,) = said_of(side([0.9] * 3), side([0.95]))
    assert flat == "Every seed of A gives 90.00 %, unlike B."


@pytest.mark.parametrize(
    ("only_a", "only_b", "start"),
    [
        (
            2,
            5,
            "B gets 3 more of the 400 test pictures right, 0.75 points: 5 that only B does, 2 that only A",
        ),
        (9, 0, "B gets 9 fewer of the 400 test pictures right, 2.25 points: 0 that only B does, 9 that only"),
        (4, 4, "A and B get as many of the 400 test pictures right: 4 that only B does, 4 that only A does"),
        (0, 0, "A and B get the same of the 400 test pictures right."),
    ],
)
def test_two_runs_in_words(only_a: int, only_b: int, start: str) -> None:
    p = stats.binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    one = side([0.9])
    said = sentences(Comparison(one, one, None, {"accuracy": McNemar(only_a, only_b, p)}))
    assert said[0].startswith(start)
    if only_a + only_b:
        words = "; more than chance" if p < 0.05 else "; no more than chance"
        assert f"{words} in the choice of pictures (exact McNemar test, p = {p:.3g})." in said[0]
