"""Networks that begin with the weights of a file: names, shapes, last layers, pictures, refusals."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import convscope
from convscope import nets
from convscope.bundle import Bundle
from convscope.errors import ConvscopeError, ConvscopeWarning, ShapeError, UsageError
from convscope.recipe import Recipe
from convscope.runs.run import Run
from convscope.training.network import Network, open_network
from convscope.training.progress import Silent
from convscope.training.transfer.pretrained import begin_with, network_of, open_pretrained
from convscope.training.transfer.weights_file import WeightsFile, read_weights

from .conftest import SAMPLER_NET
from .resnet import ResNet18, made

TWO = ("cat", "dog")
QUICK = {"epochs": 1, "batch_size": 16, "quiet": True, "validation": 0.25}


@pytest.fixture(scope="module")
def imagenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the names and shapes of ImageNet's resnet18; its numbers are random."""
    file = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(made().state_dict(), file)
    return file


def resnet(classes: int = 2, side: int = 32) -> Network:
    return open_network("resnet-18", (3, side, side), classes, seed=0)


def file_of(path: Path, state: dict[str, Any]) -> WeightsFile:
    torch.save(state, path)
    return read_weights(str(path))


def test_the_graph_is_the_network_that_the_file_is_of(imagenet: Path) -> None:
    """Names, shapes and order as in the module written by hand, and for the same pictures the same scores."""
    module, graph = made(), nets.graph("resnet-18", classes=1000)
    assert graph.input_shape == (3, 224, 224)
    assert graph.parameter_count == 11_689_512  # as PyTorch's documentation has it
    shapes = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    assert {name: spec.shape for name, spec in graph.parameters.items()} == shapes
    network, sentence = begin_with(
        read_weights(str(imagenet)), resnet(1000, 64), [str(i) for i in range(1000)]
    )
    assert "its last layer (fc) included" in sentence
    x = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(network.to_module().eval()(x), module(x), rtol=1e-4, atol=1e-4)


def test_the_last_layer_of_other_classes_is_drawn_anew(imagenet: Path) -> None:
    fresh = resnet()
    network, sentence = begin_with(read_weights(str(imagenet)), fresh, TWO)
    assert sentence == (
        "the network begins with the weights of resnet18.pth; its last layer (fc), of 1,000 classes, is "
        "drawn anew for 2."
    )
    state = made().state_dict()
    for name, value in network.weights.items():
        wanted = fresh.weights[name] if name.startswith("fc.") else state[name].numpy()
        np.testing.assert_array_equal(value, wanted, err_msg=name)
        assert value.dtype == fresh.weights[name].dtype


@pytest.mark.parametrize("prefix", ["module.", "model.", "_orig_mod.", "module._orig_mod."])
def test_wrapped_names_and_half_precision(tmp_path: Path, prefix: str) -> None:
    state = made(2).state_dict()
    half = {prefix + n: v.half() if v.is_floating_point() else v for n, v in state.items()}
    network, _ = begin_with(file_of(tmp_path / "w.pth", {"state_dict": half}), resnet(), TWO)
    for name, value in network.weights.items():
        wanted = state[name].half().float() if state[name].is_floating_point() else state[name]
        np.testing.assert_array_equal(value, wanted.numpy(), err_msg=name)


def test_a_name_that_all_share_stays_where_the_network_has_it(tmp_path: Path) -> None:
    class Inner(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 10))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.body(x)

    module = Inner()
    wrapped = {f"net.{name}": value for name, value in module.state_dict().items()}
    for state in (module.state_dict(), wrapped):
        file = file_of(tmp_path / "w.pth", dict(state))
        network, _ = open_pretrained(file, Inner, (1, 8, 8), [str(i) for i in range(10)], seed=1)
        for name, value in module.state_dict().items():
            np.testing.assert_array_equal(network.weights[name], value.numpy())


def test_old_files_have_no_counters(tmp_path: Path) -> None:
    state = {n: v for n, v in made(2).state_dict().items() if not n.endswith("num_batches_tracked")}
    network, _ = begin_with(file_of(tmp_path / "w.pth", state), resnet(), TWO)
    assert network.weights["bn1.num_batches_tracked"] == 0
    np.testing.assert_array_equal(network.weights["bn1.running_var"], state["bn1.running_var"].numpy())


@pytest.mark.parametrize("last", ["none", "sequence"])
def test_files_without_such_a_last_layer(tmp_path: Path, last: str) -> None:
    state = made(2).state_dict()
    moved = {name.replace("fc.", "fc.1."): value for name, value in state.items()}
    if last == "none":
        moved = {name: value for name, value in state.items() if not name.startswith("fc.")}
    fresh = resnet()
    network, sentence = begin_with(file_of(tmp_path / "w.pth", moved), fresh, TWO)
    assert sentence.endswith("the last layer (fc), which is not in it, is drawn.")
    np.testing.assert_array_equal(network.weights["fc.weight"], fresh.weights["fc.weight"])
    np.testing.assert_array_equal(network.weights["conv1.weight"], state["conv1.weight"].numpy())


# what does not fit


def misfit(file: WeightsFile, network: Network, classes: Any = TWO) -> str:
    with pytest.raises(ShapeError) as refused:
        begin_with(file, network, classes)
    sentence = str(refused.value)
    assert file.name in sentence
    assert len(sentence) < 600
    return sentence


def test_another_architecture_names_and_counts_what_differs(imagenet: Path) -> None:
    network = open_network("resnet-8", (3, 32, 32), 2, seed=0)
    sentence = misfit(read_weights(str(imagenet)), network)
    wanted, given = network.weights, made().state_dict()
    common = [name for name in wanted if name in given]
    differing = [name for name in common if wanted[name].shape != tuple(given[name].shape)]
    assert f"{len(differing)} are of another shape (conv1.weight 64×3×7×7, here 16×3×3×3; " in sentence
    assert f"{len(given.keys() - wanted.keys())} are not in the network (layer1.1.bn1.bias 64; " in sentence
    assert "missing" not in sentence
    state = made(2).state_dict()
    back = misfit(file_of(imagenet.parent / "one.pth", {"conv1.weight": state["conv1.weight"]}), resnet())
    assert "99 are missing (bn1.weight 64; bn1.bias 64; bn1.running_mean 64; ...)" in back


def test_a_single_wrong_tensor_is_named(tmp_path: Path) -> None:
    state = made(2).state_dict()
    state["layer2.0.bn1.bias"] = torch.zeros(64)
    assert "1 is of another shape (layer2.0.bn1.bias 64, here 128)" in misfit(
        file_of(tmp_path / "w.pth", state), resnet()
    )
    state = made(2).state_dict()
    state["aux.weight"] = torch.zeros(3)
    assert "1 is not in the network (aux.weight 3)." in misfit(file_of(tmp_path / "w.pth", state), resnet())
    state = made(2).state_dict()
    state["fc.weight"] = torch.zeros(2, 2048)  # of another network, and not only of other classes
    assert "fc.weight 2×2048, here 2×512" in misfit(file_of(tmp_path / "w.pth", state), resnet())


def test_grey_and_colour_and_another_size_say_what_to_give(tmp_path: Path, imagenet: Path) -> None:
    grey = open_network("resnet-18", (1, 32, 32), 2, seed=0)
    assert misfit(read_weights(str(imagenet)), grey).endswith("--channels 3 gives it such pictures.")
    module = nets.create("lenet-5", (1, 28, 28), 2)
    larger = open_network("lenet-5", (1, 36, 36), 2, seed=0)
    file = file_of(tmp_path / "w.pth", dict(module.state_dict()))
    assert misfit(file, larger).endswith("The --size of the pictures decides that.")


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    state = made(2).state_dict()
    state["bn1.running_var"][3] = float("nan")
    with pytest.raises(ConvscopeError, match=r"'bn1\.running_var' in .* not finite"):
        begin_with(file_of(tmp_path / "w.pth", state), resnet(), TWO)


# bundles


def test_a_run_is_a_source_of_weights(digits_run: Run) -> None:
    file, classes = read_weights(str(digits_run.path)), digits_run.bundle.classes
    assert network_of(file) == "convnet-bn"
    network = open_network("convnet-bn", (1, 8, 8), 10, seed=5)
    same, sentence = begin_with(file, network, classes)
    assert sentence.endswith("its last layer (linear) included.")
    np.testing.assert_array_equal(same.weights["linear.weight"], digits_run.bundle.weights["linear.weight"])
    other, sentence = begin_with(file, network, [f"letter {name}" for name in classes])
    assert sentence.endswith("its last layer (linear), of other classes, is drawn anew for 10.")
    np.testing.assert_array_equal(other.weights["linear.weight"], network.weights["linear.weight"])


def test_the_layers_between_the_weights_of_a_bundle_have_to_be_the_same(digits_run: Run) -> None:
    b = convscope.Builder("twin")
    x, graph = b.input(1, 8, 8), digits_run.bundle.graph
    assert graph is not None
    for node in graph.nodes[1:]:
        kind = "tanh" if node.operation == "relu" else node.operation
        inputs = [b[name] for name in node.inputs] if node.inputs[0] in b else [x]
        b.append(kind, *inputs, name=node.name, parameters=node.parameters, **node.attributes)
    twin = b.build(b[graph.output])
    network = Network("twin", twin, dict(digits_run.bundle.weights), None, None, 0, "logits", own=True)
    sentence = misfit(read_weights(str(digits_run.path)), network, digits_run.bundle.classes)
    assert "between other layers: relu1 (relu) where twin has relu1 (tanh)" in sentence


def test_a_network_of_ones_own_lives_on_in_its_bundle(
    own_runs: dict[str, Run], picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    """The file with the class is gone: the layers are the bundle's, for other classes; and it replays."""
    folder = picture_folder({"left": 8, "right": 8})
    source = own_runs["traced"]
    run = convscope.train(str(folder), pretrained=source.path, out=tmp_path / "run", **QUICK)
    assert run.bundle.net == source.bundle.net
    assert run.bundle.classes == ("left", "right")
    assert run.bundle.preprocessing.input_shape == (1, 8, 8)
    again = convscope.train(recipe=run.path / "recipe.toml", out=tmp_path / "again", quiet=True)
    for name, value in run.bundle.weights.items():
        np.testing.assert_array_equal(value, again.bundle.weights[name], err_msg=name)


def test_weights_for_a_module_that_the_graph_cannot_express(tmp_path: Path) -> None:
    scope: dict[str, Any] = {}
    exec(SAMPLER_NET, scope)
    module = scope["Sampler"]()
    with torch.no_grad():
        module.theta += 0.1
        module.norm.running_mean += 0.3
    file = file_of(tmp_path / "w.pth", dict(module.state_dict()))
    labels = [str(i) for i in range(10)]
    with pytest.warns(ConvscopeWarning, match="not-in-graph"):
        network, sentence = open_pretrained(file, scope["Sampler"], (1, 8, 8), labels, seed=3)
    assert sentence == "the network begins with the weights of w.pth."
    x = torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(network.to_module().eval()(x), module.eval()(x), rtol=0, atol=0)
    run = convscope.train(
        "digits", net=scope["Sampler"], pretrained=file.path, epochs=1, out=tmp_path / "run", quiet=True
    )
    assert run.bundle.graph is None
    assert run.bundle.info["pretrained"]["sha256"] == file.sha256
    with pytest.raises(ShapeError, match=r"1 is of another shape \(theta 3×3, here 2×3\)"):
        begin_with(
            file_of(tmp_path / "x.pth", {**module.state_dict(), "theta": torch.eye(3)}),
            network,
            labels,
        )


# which network, which pictures


@pytest.mark.parametrize("name", nets.names())
def test_the_network_is_told_by_its_names_and_shapes(tmp_path: Path, name: str) -> None:
    file = file_of(tmp_path / "w.pth", dict(nets.create(name, classes=7).state_dict()))
    if name in ("lenet-5", "lenet-5-relu"):  # their activations have no weights
        with pytest.raises(UsageError, match=r"may be of lenet-5 or lenet-5-relu; --net says which"):
            network_of(file)
    else:
        assert network_of(file) == name


def test_weights_of_no_network_ask_for_one(tmp_path: Path) -> None:
    file = file_of(tmp_path / "w.pth", dict(nn.Linear(3, 2).state_dict()))
    with pytest.raises(UsageError, match=r"w\.pth are of no network in the catalogue; --net says which"):
        network_of(file)


def prepared(data: Path | str, file: Path, **settings: Any) -> convscope.training.prepare.Prepared:  # type: ignore[name-defined]
    from convscope.training.prepare import prepare

    recipe = Recipe.of(data=str(data), pretrained=str(file), **settings)
    return prepare(recipe, recipe.net, Silent())


def test_imagenets_pictures(imagenet: Path, picture_folder: Callable[..., Path]) -> None:
    """Also for grey pictures: 224×224 out of the middle, in colour, ImageNet's statistics, and it is said."""
    folder = picture_folder({"left": 8, "right": 8}, mode="L")
    ready = prepared(folder, imagenet)
    told = ready.dataset.preprocessing
    assert (told.height, told.width, told.channels, told.resize) == (224, 224, 3, "crop")
    assert told.mean == (0.485, 0.456, 0.406)
    assert told.std == (0.229, 0.224, 0.225)
    assert ready.recipe.net == ready.network.name == "resnet-18"
    (sentence,) = [note for note in ready.notes if "ImageNet" in note]
    assert sentence.endswith("224×224, crop, colour, mean 0.485 0.456 0.406, deviation 0.229 0.224 0.225.")
    assert ready.recipe.pretrained == read_weights(str(imagenet)).pinned
    smaller = prepared(folder, imagenet, size=(32, 40), resize="fit", normalize=True)
    told = smaller.dataset.preprocessing
    assert (told.height, told.width, told.resize) == (32, 40, "fit")
    assert told.mean is not None
    assert told.mean != (0.485, 0.456, 0.406)
    assert any(note.endswith("mean and deviation measured.") for note in smaller.notes)


def test_a_bundles_pictures(digits_run: Run, picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    folder = picture_folder({"left": 8, "right": 8}, mode="RGB", size=(20, 30))
    settings = {"size": (9, 10), "normalize": True, "resize": "stretch", "net": "convnet-bn"}
    first = convscope.train("digits", out=tmp_path / "first", **settings, **QUICK)
    told = prepared(folder, first.path).dataset.preprocessing
    assert told == first.bundle.preprocessing
    assert told.mean is not None
    assert prepared(folder, digits_run.path).dataset.preprocessing == digits_run.bundle.preprocessing


def test_others_do_not_say_what_they_expect(tmp_path: Path, picture_folder: Callable[..., Path]) -> None:
    folder = picture_folder({"left": 8, "right": 8}, mode="RGB", size=(32, 32))
    file = file_of(tmp_path / "w.pth", dict(nets.create("resnet-8", (3, 32, 32), 5).state_dict()))
    ready = prepared(folder, file.path)
    assert ready.network.name == "resnet-8"
    assert ready.dataset.preprocessing.mean is None
    assert any("w.pth does not say what it expects" in note for note in ready.notes)


# whole runs


def test_a_run_keeps_where_its_weights_come_from(tmp_path: Path, picture_folder: Callable[..., Path]) -> None:
    folder = picture_folder({"left": 8, "right": 8}, mode="RGB", size=(32, 32))
    module = nets.create("resnet-8", (3, 32, 32), 5)
    save_file(module.state_dict(), tmp_path / "w.safetensors")
    file = read_weights(str(tmp_path / "w.safetensors"))
    run = convscope.train(
        str(folder), pretrained=file.path, trunk_lr=0, weight_decay=0, out=tmp_path / "run", **QUICK
    )
    kept = Bundle.load(run.path)
    assert {**kept.info["pretrained"], "notes": None} == {
        "file": str(file.path),
        "sha256": file.sha256,
        "notes": None,
    }
    assert set(kept.info["pretrained"]["notes"]) <= set(run.notes)
    assert f'pretrained = "{file.pinned}"' in (run.path / "recipe.toml").read_text("utf-8")
    assert "does not say what it expects" in " ".join(run.notes)
    report = (run.path / "report.html").read_text("utf-8")
    assert file.sha256 in report
    assert "is drawn anew for 2" in report
    # trunk_lr 0: all but the last layer and the statistics are those of the file
    moved = {n for n, v in module.state_dict().items() if not np.array_equal(kept.weights[n], v.numpy())}
    assert {"fc.weight", "fc.bias"} <= moved
    assert all("running" in name or "num_batches" in name or name.startswith("fc.") for name in moved)
    # the recipe replays, until the file changes
    again = convscope.train(recipe=run.path / "recipe.toml", out=tmp_path / "again", quiet=True)
    for name, value in kept.weights.items():
        np.testing.assert_array_equal(value, again.bundle.weights[name], err_msg=name)
    save_file(nets.create("resnet-8", (3, 32, 32), 5, seed=9).state_dict(), file.path)
    with pytest.raises(ConvscopeError, match="have changed: their sha256 begins with"):
        convscope.train(recipe=run.path / "recipe.toml", out=tmp_path / "no", quiet=True)
    assert not (tmp_path / "no").exists()
    convscope.train(recipe=run.path / "recipe.toml", pretrained=file.path, out=tmp_path / "yes", quiet=True)


def test_all_seeds_begin_with_the_same_file(tmp_path: Path) -> None:
    """The last layer is each seed's own; a file that changes between two seeds is refused."""
    file = tmp_path / "w.pth"

    def write(seed: int) -> None:
        torch.save(nets.create("simple-cnn-4-8", (1, 16, 16), 5, seed=seed).state_dict(), file)

    class Changes(Silent):
        def seed(self, line: str) -> None:
            write(9)

    write(1)
    settings: dict[str, Any] = {"pretrained": file, "size": 16, "freeze": True, "epochs": 1, "lr": 1e-9}
    series = convscope.train_seeds("digits", seeds=2, out=tmp_path / "two", quiet=True, **settings)
    first, second = (Bundle.load(series.path / f"seed-{seed}") for seed in (0, 1))
    np.testing.assert_array_equal(first.weights["conv1.weight"], second.weights["conv1.weight"])
    assert np.abs(first.weights["linear.weight"] - second.weights["linear.weight"]).max() > 0.01
    with pytest.raises(ConvscopeError, match="have changed"):
        convscope.train_seeds("digits", seeds=2, out=tmp_path / "no", progress=Changes(), **settings)


def test_a_resnet_of_torchvisions_names_trains_on_photos(
    imagenet: Path, picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = picture_folder({"left": 8, "right": 8}, mode="RGB", size=(40, 40))
    run = convscope.train(str(folder), pretrained=imagenet, size=32, out=tmp_path / "run", **QUICK)
    assert run.bundle.net == "resnet-18"
    assert {prediction.label for prediction in run.bundle.predict(sorted(folder.rglob("*.png")))} <= {
        "left",
        "right",
    }
    module = ResNet18(2)
    module.load_state_dict({n: torch.from_numpy(np.array(v)) for n, v in run.bundle.weights.items()})
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    mean, std = (torch.tensor(v).reshape(3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    x = (torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255 - mean) / std
    with torch.no_grad():
        wanted = module.eval()(x).numpy()
    np.testing.assert_allclose(run.bundle.logits(pictures), wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("freeze", [True, False])
def test_a_run_goes_on_without_the_file(tmp_path: Path, freeze: bool) -> None:
    """Stopped and resumed it ends with the bits of a run in one go, though the file of weights is gone."""
    file = tmp_path / "w.pth"
    torch.save(nets.create("convnet-bn", (1, 8, 8), 5, seed=3).state_dict(), file)
    rates = {} if freeze else {"trunk_lr": 0.001}
    settings: dict[str, Any] = {"pretrained": file, "freeze": freeze, "epochs": 2, "normalize": True, **rates}
    whole = convscope.train("digits", out=tmp_path / "whole", quiet=True, **settings)

    class Stops(Silent):
        def step(self, epoch: int, done: int, *_: Any) -> None:
            if epoch == 2:
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        convscope.train("digits", out=tmp_path / "run", progress=Stops(), **settings)
    file.unlink()
    resumed = convscope.train(resume=tmp_path / "run", quiet=True)
    for name, value in whole.bundle.weights.items():
        np.testing.assert_array_equal(resumed.bundle.weights[name], value, err_msg=name)
    assert resumed.notes == tuple(note for note in whole.notes if "native engine" not in note)
    assert resumed.parameters == whole.parameters
    assert resumed.recipe == whole.recipe
    assert resumed.bundle.preprocessing == whole.bundle.preprocessing
    assert resumed.bundle.info["pretrained"] == whole.bundle.info["pretrained"]
