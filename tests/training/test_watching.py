"""A training that is watched: its snapshots are what it was, and it is what it would have been."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import convscope
from convscope import report
from convscope.bundle import Bundle
from convscope.data import SignalSource
from convscope.drawing.formation import draw
from convscope.errors import ConvscopeError, UnsupportedOperation, UsageError
from convscope.lanes import pace
from convscope.look.inside.formation import Formation
from convscope.look.inside.snapshot import WATCHED, WatchedLayer, file_name
from convscope.recipe import Recipe
from convscope.runs.comparison import compare
from convscope.runs.directory import RunDirectory
from convscope.runs.removal import removable, remove
from convscope.runs.run import Run
from convscope.training import steps
from convscope.training.checkpoint import Checkpoint
from convscope.training.watch.watched import chosen_pictures, kept_maps, watched_layers
from convscope.training.watch.watching import Watch, stops_of

from ..conftest import needs_lanes
from .conftest import SAMPLER_NET, TUTORIAL_NET
from .test_pipeline import assert_same_weights
from .test_resuming import InSeries, Press

ENGINES = [pytest.param("lanes", marks=needs_lanes), "torch"]
#: 11 steps an epoch, 33 in all
SETTINGS: dict[str, Any] = {"net": "convnet-bn", "epochs": 3, "batch_size": 128, "shift": 1, "quiet": True}
WATCHED_STEPS = [0, 10, 20, 30, 33]


@pytest.fixture(autouse=True, scope="module")
def _short_reports() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(report, "write", lambda _, folder: (folder / "report.html").write_text(""))
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, bool], Run]:
    """A run by its engine, watched or not; each is made once."""
    made: dict[tuple[str, bool], Run] = {}

    def run(engine: str, watched: bool) -> Run:
        if (engine, watched) not in made:
            out = tmp_path_factory.mktemp("runs") / f"{engine}-{watched}"
            more: dict[str, Any] = {"watch_every": 10} if watched else {}
            made[engine, watched] = convscope.train("digits", engine=engine, out=out, **SETTINGS, **more)
        return made[engine, watched]

    return run


def snapshots(run: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((run / "watch").iterdir())}


@given(st.integers(1, 10**6), st.none() | st.integers(1, 10**6))
def test_stops_begin_at_the_start_and_end_at_the_end(total: int, every: int | None) -> None:
    stops = stops_of(total, every and max(every, total // 1000 or 1))
    assert (stops[0], stops[-1]) == (0, total)
    gaps = np.diff(stops)
    assert (gaps > 0).all()
    if every is None:
        assert len(stops) <= 61
        if total >= 3600:
            assert len(stops) == 61
        assert np.all(np.diff(gaps) >= -1)  # closest together at first, but for rounding
    else:
        assert len(set(gaps[:-1])) <= 1


@given(st.lists(st.integers(0, 11), min_size=1, max_size=60))
def test_pictures_are_of_as_many_classes_as_there_are(labels: list[int]) -> None:
    chosen = chosen_pictures(np.array(labels)).tolist()
    assert len(set(chosen)) == len(chosen) == min(8, len(labels))
    seen = [labels[i] for i in chosen]
    assert seen[: len(set(seen))] == sorted(set(labels))[:8]  # the first of each class come first
    for position in chosen:
        earlier = [i for i in range(position) if labels[i] == labels[position]]
        assert set(earlier) <= set(chosen)


def test_large_maps_are_averaged() -> None:
    outputs = np.random.default_rng(0).normal(size=(2, 20, 64, 96)).astype(np.float32)
    layer = WatchedLayer("c", ("c",), (20, 1, 3, 3), (20, 64, 96), (20, 1, 3, 3), (16, 21, 32))
    assert kept_maps(outputs, layer).shape == (2, 16, 21, 32)
    half = WatchedLayer("c", ("c",), (20, 1, 3, 3), (20, 64, 96), (20, 1, 3, 3), (3, 32, 48))
    means = outputs[:, :3].reshape(2, 3, 32, 2, 48, 2).mean(axis=(3, 5))
    np.testing.assert_allclose(kept_maps(outputs, half), means, atol=1e-6)
    signal = outputs.reshape(2, 20, -1)[:, :, :2048]
    long = WatchedLayer("c", ("c",), (20, 1, 3), (20, 2048), (20, 1, 3), (16, 1024))
    means = signal[:, :16].reshape(2, 16, 1024, 2).mean(axis=3)
    np.testing.assert_allclose(kept_maps(signal, long), means, atol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_watching_changes_nothing(engine: str, runs: Callable[[str, bool], Run]) -> None:
    watched, other = runs(engine, True), runs(engine, False)
    assert list(Formation.open(watched.path).steps) == WATCHED_STEPS
    assert not (other.path / "watch").exists()
    assert_same_weights(Bundle.load(watched.path), Bundle.load(other.path))
    for ours, theirs in zip(watched.epochs, other.epochs, strict=True):
        assert {**ours.to_dict(), "seconds": 0} == {**theirs.to_dict(), "seconds": 0}
    tables = [(run.path / "predictions.csv").read_bytes() for run in (watched, other)]
    assert tables[0] == tables[1]


@pytest.mark.parametrize("engine", ENGINES)
def test_snapshots_are_the_network_at_their_steps(engine: str, runs: Callable[[str, bool], Run]) -> None:
    """Weights to the bit; maps as PyTorch's hooks find them, in half precision."""
    run = runs(engine, True)
    formation = Formation.open(run.path)
    found = []

    def check(weights: dict[str, np.ndarray], step: int) -> None:
        snapshot, watched = formation.snapshot(step), formation.watched
        graph = run.bundle.graph
        assert graph is not None
        module = graph.to_module(weights).eval()
        seen: dict[str, torch.Tensor] = {}
        for layer in watched.layers:
            of = module.get_submodule(layer.nodes[-1])
            of.register_forward_hook(lambda _, __, output, name=layer.name: seen.update({name: output}))
        with torch.no_grad():
            module(torch.from_numpy(run.bundle.preprocessing.batch(watched.images)))
        for layer in watched.layers:
            kernel = weights[f"{layer.name}.weight"]
            np.testing.assert_array_equal(snapshot.filters[layer.name], kernel[:64, :16])
            maps = seen[layer.name].numpy()[:, :16]
            np.testing.assert_allclose(snapshot.maps[layer.name], maps, rtol=1e-3, atol=1e-4)
        found.append(step)

    training = steps("digits", engine=engine, **SETTINGS)
    losses: list[float] = []
    for step in training:
        if step.number in WATCHED_STEPS:
            check(training.engine.weights(), step.number)
            done = step.number % 11
            if done:
                assert formation.snapshot(step.number).loss == pytest.approx(np.mean(losses[-done:]))
        losses.append(step.take())
    check(training.engine.weights(), 33)
    assert found == WATCHED_STEPS
    last = formation.snapshot(33)
    assert (last.epoch, last.loss) == (3, run.epochs[-1].train_loss)
    assert last.accuracy == run.epochs[-1].train_accuracy
    first = formation.snapshot(0)
    assert (first.epoch, first.loss, first.accuracy) == (0, None, None)


def test_the_pictures_are_of_the_validation_part(runs: Callable[[str, bool], Run]) -> None:
    watched = Formation.open(runs("torch", True).path).watched
    dataset = steps("digits", engine="torch", **SETTINGS).dataset
    assert dataset.validation is not None
    assert watched.labels == tuple("01234567")
    for image, name, label in zip(watched.images, watched.names, watched.labels, strict=True):
        position = list(dataset.validation.names).index(name)
        np.testing.assert_array_equal(image, dataset.validation.images[position])
        assert dataset.classes[dataset.validation.labels[position]] == label


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("at", [4, 10, 11, 25])
def test_a_resumed_run_has_the_snapshots_of_one_in_one_go(
    engine: str, at: int, runs: Callable[[str, bool], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "SECONDS", 1e-9)
    settings = {**SETTINGS, "watch_every": 10, "engine": engine, "quiet": False}
    with pytest.raises(KeyboardInterrupt):
        convscope.train("digits", out=tmp_path / "run", progress=Press(at), **settings)
    assert list(Formation.open(tmp_path / "run").steps) == [step for step in WATCHED_STEPS if step <= at]
    run = convscope.train(resume=tmp_path / "run", quiet=True)
    assert snapshots(run.path) == snapshots(runs(engine, True).path)


@pytest.mark.parametrize("engine", ENGINES)
def test_snapshots_beyond_the_checkpoint_are_cut(
    engine: str, runs: Callable[[str, bool], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second Ctrl-C leaves at once: what came after the last checkpoint, after step 11, is lost."""
    monkeypatch.setattr(pace, "SECONDS", 1e-9)
    settings = {**SETTINGS, "watch_every": 10, "engine": engine, "quiet": False}
    with pytest.raises(KeyboardInterrupt):
        convscope.train("digits", out=tmp_path / "run", progress=Press(21, times=2), **settings)
    assert Checkpoint.load(RunDirectory(tmp_path / "run").checkpoint).standing.epoch == 2
    formation = Formation.open(tmp_path / "run")
    assert formation.steps == (0, 10, 20)
    began: list[tuple[int, ...]] = []
    begin = Watch.begin

    def noted(self: Watch, step: int | None) -> None:
        begin(self, step)
        began.append(formation.steps)

    monkeypatch.setattr(Watch, "begin", noted)
    run = convscope.train(resume=tmp_path / "run", quiet=True)
    assert began == [(0, 10)]
    assert snapshots(run.path) == snapshots(runs(engine, True).path)


def test_without_a_checkpoint_it_begins_anew(
    runs: Callable[[str, bool], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "SECONDS", 1e-9)
    settings = {**SETTINGS, "watch_every": 10, "engine": "torch", "quiet": False}
    with pytest.raises(KeyboardInterrupt):
        convscope.train("digits", out=tmp_path / "run", progress=Press(15), **settings)
    RunDirectory(tmp_path / "run").checkpoint.unlink()
    (tmp_path / "run" / "watch" / file_name(0)).write_bytes(b"something else")
    run = convscope.train(resume=tmp_path / "run", quiet=True)
    assert snapshots(run.path) == snapshots(runs("torch", True).path)


def test_the_size_that_is_announced_is_that_of_the_files(tmp_path: Path) -> None:
    listener = Press(10**9)
    settings = {"net": "convnet-bn", "epochs": 1, "watch_every": 5, "out": tmp_path / "run"}
    run = convscope.train("digits", progress=listener, **settings)
    (said,) = [note for note in listener.notes if note.startswith("Watching")]
    count, size = re.fullmatch(
        r"Watching 2 layers with 8 pictures: (\d) snapshots, (\d+) kB\.", said
    ).groups()  # type: ignore[union-attr]
    files = [run.path / "watch" / file_name(step) for step in Formation.open(run.path).steps]
    assert len(files) == int(count) == 6
    assert sum(file.stat().st_size for file in files) == pytest.approx(
        1000 * int(size), rel=0.03
    )  # and headers


def test_by_default_about_sixty_close_together_at_first(tmp_path: Path) -> None:
    run = convscope.train(
        "digits", net="simple-cnn-16-32", epochs=6, watch=True, out=tmp_path / "r", quiet=True
    )
    formation = Formation.open(run.path)
    assert formation.steps == formation.watched.planned == tuple(stops_of(126, None))
    assert formation.steps[:4] == (0, 1, 2, 3)


def test_stopped_early_the_last_is_that_of_the_end(tmp_path: Path) -> None:
    settings = {"net": "convnet-bn", "epochs": 9, "early_stopping": 1, "lr": 0.03, "watch_every": 50}
    run = convscope.train("digits", out=tmp_path / "run", quiet=True, **settings)
    assert len(run.epochs) < 9
    formation, end = Formation.open(run.path), 21 * len(run.epochs)
    assert formation.steps == tuple(sorted({*range(0, end, 50), end}))
    last = formation.snapshot(end)
    assert (last.epoch, last.loss) == (len(run.epochs), run.epochs[-1].train_loss)


def test_the_last_snapshot_is_the_bundle_where_the_last_epoch_is_kept(tmp_path: Path) -> None:
    run = convscope.train(
        "digits", net="convnet-bn", epochs=2, keep="last", watch=True, out=tmp_path / "r", quiet=True
    )
    formation = Formation.open(run.path)
    filters = formation.filters(formation.steps[-1])
    for name, values in filters.items():
        np.testing.assert_array_equal(values, run.bundle.weights[f"{name}.weight"][:64, :16])


def test_a_recipe_replays_it_and_comparing_does_not_mind(
    runs: Callable[[str, bool], Run], tmp_path: Path
) -> None:
    watched, other = runs("torch", True), runs("torch", False)
    assert Recipe.of(**Recipe.read(watched.path / "recipe.toml")).watches
    again = convscope.train(recipe=watched.path / "recipe.toml", out=tmp_path / "again", quiet=True)
    assert snapshots(again.path) == snapshots(watched.path)
    compared = compare(watched.path, other.path)
    assert compared.settings == {}
    assert compared.same_seeds == (0,)
    assert watched.to_dict()["watch"] == str(watched.path / "watch")
    assert other.to_dict()["watch"] is None
    remove(removable(again.path))
    assert not again.path.exists()


def test_each_run_of_a_series_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SECONDS", 1e-9)
    settings = {"net": "simple-cnn-16-32", "epochs": 2, "watch_every": 20}
    whole = convscope.train_seeds("digits", seeds=2, out=tmp_path / "whole", quiet=True, **settings)
    with pytest.raises(KeyboardInterrupt):
        convscope.train_seeds("digits", seeds=2, out=tmp_path / "cut", progress=InSeries(2, 9), **settings)
    convscope.train_seeds(resume=tmp_path / "cut", quiet=True)
    kept = [snapshots(whole.path / f"seed-{seed}") for seed in (0, 1)]
    assert kept[0].keys() == {WATCHED, *map(file_name, (0, 20, 40, 42))}
    assert kept[0] != kept[1]
    assert [snapshots(tmp_path / "cut" / f"seed-{seed}") for seed in (0, 1)] == kept


@pytest.mark.parametrize("engine", ENGINES)
def test_signals(engine: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    signals = random.normal(size=(60, 2, 40))
    source = SignalSource(signals, np.arange(60) % 3, name="noise")
    run = convscope.train(
        source, epochs=2, validation=0, watch_every=3, engine=engine, out=tmp_path / "run", quiet=True
    )
    formation = Formation.open(run.path)
    assert formation.watched.noun == "signal"
    assert formation.watched.images.shape == (8, 2, 40)
    first, *_ = formation.watched.layers
    weights = run.bundle.weights
    last = formation.snapshot(formation.steps[-1])
    np.testing.assert_array_equal(last.filters[first.name], weights[f"{first.name}.weight"])
    module = run.bundle.to_module()
    inputs = torch.from_numpy(np.ascontiguousarray(run.bundle.preprocessing.batch(formation.watched.images)))
    with torch.no_grad():
        maps = torch.relu(module.get_submodule(first.name)(inputs)).numpy()
    np.testing.assert_allclose(last.maps[first.name], maps[:, :16], rtol=1e-3, atol=1e-4)


def test_a_network_of_ones_own(net_file: Callable[..., Path], tmp_path: Path) -> None:
    run = convscope.train(
        "digits", net=str(net_file(TUTORIAL_NET)), epochs=1, watch=True, out=tmp_path / "run", quiet=True
    )
    layers = Formation.open(run.path).watched.layers
    assert [(layer.name, layer.filters_shape) for layer in layers] == [
        ("conv1", (6, 1, 3, 3)),
        ("conv2", (50, 6, 3, 3)),
    ]
    assert layers[1].maps_shape == (16, 4, 4)


def test_layers_are_chosen_among_those_that_see_a_pattern(tmp_path: Path) -> None:
    """resnet-8's shortcuts mix channels at one position; the last layer that is watched is the last 3×3."""
    training = steps("digits", net="resnet-8", epochs=1, engine="torch", quiet=True)
    layers = watched_layers(training._prepared.network)
    assert [layer.name for layer in layers] == ["conv1", "layer1.0.conv2", "layer2.0.conv2", "layer3.0.conv2"]
    assert all(layer.filters_shape[2:] == (3, 3) for layer in layers)


def test_a_network_outside_the_graph_is_refused(net_file: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(UnsupportedOperation, match=r"not in convscope's graph, .* leave out --watch"):
        convscope.train(
            "digits", net=str(net_file(SAMPLER_NET)), watch=True, out=tmp_path / "run", quiet=True
        )
    assert not (tmp_path / "run").exists()


def test_a_network_without_convolutions_is_refused(tmp_path: Path) -> None:
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    with pytest.raises(UnsupportedOperation, match="has no convolution to watch"):
        convscope.train("digits", net=net, watch=True, out=tmp_path / "run", quiet=True)


def test_what_does_not_go_together() -> None:
    with pytest.raises(
        UsageError, match="freeze = True leaves all filters as they are, so that watch = True"
    ):
        Recipe.of(freeze=True, watch=True)
    with pytest.raises(UsageError, match="watch_every = 5 has nothing to see"):
        Recipe.of(freeze=True, watch_every=5)
    assert not Recipe.of(freeze=True, watch=False, watch_every=5).watches
    with pytest.raises(UsageError, match="leave out watch"):
        steps("digits", watch=True, quiet=True)
    with pytest.raises(UsageError, match="--watch does not go with --resume"):
        convscope.train(resume="no-run", watch=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_one_that_diverges_before_its_first_checkpoint_leaves_nothing(engine: str, tmp_path: Path) -> None:
    with pytest.raises(ConvscopeError, match="the loss stopped being a number"):
        convscope.train(
            "digits", net="simple-cnn-16-32", optimizer="sgd", schedule="constant", lr=1e12, epochs=2,
            engine=engine, watch_every=1, out=tmp_path / "run", quiet=True,
        )  # fmt: skip
    assert not (tmp_path / "run").exists()


def test_weights_that_are_no_numbers_have_no_maps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last step may make weights infinite, when no loss is left to say so."""
    from convscope.training.engines.torch_engine import TorchEngine

    weights = TorchEngine.weights

    def broken(self: TorchEngine) -> dict[str, np.ndarray]:
        return {name: np.full(value.shape, math.inf, np.float32) for name, value in weights(self).items()}

    monkeypatch.setattr(TorchEngine, "weights", broken)
    monkeypatch.setattr("convscope.training.running.finish", lambda *_, **__: None)
    convscope.train(
        "digits", engine="torch", watch_every=5, out=tmp_path / "run", **{**SETTINGS, "epochs": 1}
    )
    last = Formation.open(tmp_path / "run").snapshot(11)
    assert all(np.isnan(maps).all() for maps in last.maps.values())
    assert draw(Formation.open(tmp_path / "run"))[1] == 4
