"""Maps against captum itself, against twins of the network, and against networks whose reasons are known."""

from __future__ import annotations

import random
from typing import Any

import captum.attr
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from convscope import look, nets
from convscope.bundle import Bundle
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.errors import DataError, UnknownName, UnsupportedOperation, UsageError
from convscope.graph import initial_weights
from convscope.look.attribution.methods import METHODS, Map, Question
from convscope.look.attribution.scored import Scored

from .bundles import CLASSES, batch_of, bundle_of, picture_of, program_of, seeded

TARGET, SEED = 2, 5
QUICK = look.Settings(samples=6, steps=24)
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def plain(channels: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, 5, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(5, 6, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(6 * 6 * 5, 4),
    )


def by_captum(module: nn.Module, layer: nn.Module, picture: np.ndarray, baseline: int = 20) -> dict[str, Any]:
    """What captum says, called as its manual says, and summed up as the papers do."""
    x = batch_of(picture).requires_grad_()
    empty = torch.full_like(x, baseline / 255).detach()
    height, width = picture.shape[:2]
    saliency = captum.attr.Saliency(module)
    window = [max(2, round(side / 6)) for side in (height, width)]
    strides = (picture.shape[2], *(max(1, side // 2) for side in window))
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        deviation = QUICK.noise * float(np.ptp(x.detach().numpy()))
        noisy = captum.attr.NoiseTunnel(saliency).attribute(
            x, nt_samples=QUICK.samples, stdevs=deviation, target=TARGET, abs=False
        )
    cam = captum.attr.LayerGradCam(module, layer).attribute(x, TARGET, relu_attributions=True)
    found = {
        "gradient": saliency.attribute(x, TARGET)[0].amax(0),
        "smoothgrad": noisy[0].abs().amax(0),
        "integrated-gradients": captum.attr.IntegratedGradients(module)
        .attribute(x, empty, TARGET, n_steps=QUICK.steps)[0]
        .sum(0),
        "occlusion": captum.attr.Occlusion(module).attribute(
            x, (picture.shape[2], *window), strides, empty, TARGET
        )[0, 0],
        "grad-cam": captum.attr.LayerAttribution.interpolate(cam, (height, width), "bilinear")[0, 0],
    }
    return {name: values.detach().numpy() for name, values in found.items()}


def maps(bundle: Bundle, picture: np.ndarray, **options: Any) -> dict[str, np.ndarray]:
    (found,) = look.attributions(
        bundle, picture[None], targets=[TARGET], seed=SEED, check=False, settings=QUICK, **options
    )
    return {one.method: one.values for one in found}


@pytest.mark.parametrize("channels", [1, 3])
def test_a_plain_module_has_the_maps_of_captum(channels: int) -> None:
    module, picture = seeded(plain(channels), seed=1), picture_of(channels, 12, 10)
    expected = by_captum(module, module[4], picture)
    found = maps(bundle_of(module, channels, 12, 10), picture)
    assert set(found) == set(METHODS) == set(expected)
    for name, values in found.items():
        assert values.shape == (12, 10)
        assert values.dtype == np.float32
        assert np.abs(values).max() > 0.01, name
        np.testing.assert_allclose(values, expected[name], **CLOSE, err_msg=name)


class Reused(nn.Module):
    """One ReLU in place, used four times, with functional pooling and a residual sum."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.conv3 = nn.Conv2d(4, 5, 3, padding=1)
        self.fc1 = nn.Linear(5 * 6 * 5, 7)
        self.fc2 = nn.Linear(7, 4)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv1(x))
        x = self.relu(self.conv2(x) + x)
        x = F.max_pool2d(x, 2)
        x = self.relu(self.conv3(x))
        return self.fc2(self.relu(self.fc1(x.flatten(1))))


class Unrolled(nn.Module):
    """The same with a module for each step."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.conv3 = nn.Conv2d(4, 5, 3, padding=1)
        self.fc1 = nn.Linear(5 * 6 * 5, 7)
        self.fc2 = nn.Linear(7, 4)
        self.relu1, self.relu2, self.relu3, self.relu4 = (nn.ReLU() for _ in range(4))
        self.pool, self.flat = nn.MaxPool2d(2), nn.Flatten()

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu1(self.conv1(x))
        x = self.pool(self.relu2(self.conv2(x) + x))
        x = self.flat(self.relu3(self.conv3(x)))
        return self.fc2(self.relu4(self.fc1(x)))


def test_a_module_with_a_reused_relu_has_the_maps_of_its_unrolled_twin() -> None:
    reused, unrolled = seeded(Reused()), seeded(Unrolled())
    picture = picture_of(3, 12, 10)
    torch.testing.assert_close(reused(batch_of(picture)), unrolled(batch_of(picture)))
    found = maps(bundle_of(reused, 3, 12, 10), picture)
    twin = maps(bundle_of(unrolled, 3, 12, 10), picture)
    expected = by_captum(unrolled, unrolled.relu3, picture)
    for name in METHODS:
        np.testing.assert_allclose(found[name], twin[name], **CLOSE, err_msg=name)
        np.testing.assert_allclose(found[name], expected[name], **CLOSE, err_msg=name)
    inner = look.attribute(
        bundle_of(reused, 3, 12, 10), picture, target=TARGET, layer="relu_2", check=False
    )  # the sum's, not the first of that module
    np.testing.assert_allclose(
        inner.values, by_captum(unrolled, unrolled.relu2, picture)["grad-cam"], **CLOSE
    )


@pytest.mark.parametrize("last", [nn.Softmax(1), nn.LogSoftmax(1)])
def test_a_network_that_ends_in_softmax_is_asked_for_its_logit(last: nn.Module) -> None:
    module, picture = seeded(plain()), picture_of(3, 12, 10)
    bundle = bundle_of(nn.Sequential(*module, last), 3, 12, 10)
    expected = maps(bundle_of(module, 3, 12, 10), picture)
    for name, values in maps(bundle, picture).items():
        np.testing.assert_allclose(values, expected[name], **CLOSE, err_msg=name)
    assert look.attribute(bundle, picture, "gradient", check=False).score == "logit"


def test_a_program_has_maps_of_its_pixels_but_no_grad_cam() -> None:
    module, picture = seeded(plain()), picture_of(3, 12, 10)
    expected = by_captum(module, module[4], picture)
    bundle = program_of(module, 3, 12, 10)
    found = maps(bundle, picture)
    assert set(found) == set(look.methods_for(bundle)) == set(METHODS) - {"grad-cam"}
    for name, values in found.items():
        np.testing.assert_allclose(values, expected[name], **CLOSE, err_msg=name)
    with pytest.raises(UnsupportedOperation, match=r"exported program.*occlusion, gradient, smoothgrad work"):
        look.attribute(bundle, picture)

    ends = nn.Sequential(nn.ReLU(inplace=True), *module, nn.Softmax(1))  # changes its input
    probable = look.attribute(
        program_of(ends, 3, 12, 10, outputs="probabilities"), picture, "integrated-gradients", target="bee"
    )
    assert probable.score == "probability"
    assert probable.checks is not None
    ends_at = ends(torch.cat([batch_of(picture), torch.full((1, 3, 12, 10), 20 / 255)]))[:, 1].detach()
    room = 0.02 * float(np.abs(probable.values).sum())
    assert probable.values.sum() == pytest.approx(float(ends_at[0] - ends_at[1]), abs=room)


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), target=st.integers(0, 3))
def test_integrated_gradients_add_up_to_the_change_of_the_logit(seed: int, target: int) -> None:
    module, picture = seeded(plain(), seed), picture_of(3, 12, 10, seed)
    found = look.attribute(
        bundle_of(module, 3, 12, 10), picture, "integrated-gradients", target=target, check=False
    )
    with torch.no_grad():
        full, empty = module(torch.cat([batch_of(picture), torch.full((1, 3, 12, 10), 20 / 255)]))[:, target]
    change = float(full - empty)
    assert found.baseline == (20.0, 20.0, 20.0)
    assert found.gap is not None
    missed = abs(float(found.values.sum(dtype=np.float64)) - change)
    attributed = float(np.abs(found.values).sum(dtype=np.float64))
    assert found.gap == pytest.approx(missed / attributed, abs=1e-5)
    assert missed <= 0.02 * attributed


@settings(max_examples=15)
@given(channels=st.sampled_from([1, 3]), height=st.integers(1, 9), width=st.integers(1, 9))
def test_pictures_of_any_size_have_maps_and_checks(channels: int, height: int, width: int) -> None:
    module = nn.Sequential(
        nn.Conv2d(channels, 3, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(3 * height * width, 4)
    )
    picture = np.random.default_rng(height).integers(0, 256, (height, width, channels)).astype(np.uint8)
    bundle = bundle_of(seeded(module), channels, height, width)
    (found,) = look.attributions(bundle, picture[None], settings=look.Settings(samples=2, steps=4))
    assert ("grad-cam" in {one.method for one in found}) == (height * width > 1)
    for one in found:
        assert one.values.shape == (height, width)
        assert np.isfinite(one.values).all()
        assert one.checks is not None
        assert np.isfinite([one.checks.deletion, one.checks.insertion, one.checks.similarity]).all()


def test_signals_have_maps_too() -> None:
    module = seeded(
        nn.Sequential(nn.Conv1d(2, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 20, 4))
    )
    signal = np.random.default_rng(0).normal(size=(2, 20)).astype(np.float32)
    (found,) = look.attributions(bundle_of(module, 2, 20), signal[None], targets=["cat"])
    by_name = {one.method: one for one in found}
    assert set(by_name) == set(METHODS)
    assert all(one.values.shape == (1, 20) for one in found)
    x = torch.from_numpy(signal)[None].requires_grad_()
    module(x)[0, TARGET].backward()
    assert x.grad is not None
    np.testing.assert_allclose(by_name["gradient"].values[0], x.grad[0].abs().amax(0), **CLOSE)
    assert by_name["occlusion"].baseline == (0.0, 0.0)


def test_a_repeated_array_has_a_map_of_its_own_size() -> None:
    module = seeded(nn.Sequential(nn.Flatten(), nn.Linear(2 * 12 * 9, 4)))
    bundle = bundle_of(module, 2, 12 * 9)
    preprocessing = ArrayPreprocessing(shape=(2, 36), repeat=3, mean=(1.0, 2.0), std=(2.0, 4.0))
    bundle = Bundle("tiny", CLASSES, preprocessing, bundle.graph, bundle.weights)
    signal = np.random.default_rng(0).normal(1.5, 3.0, (2, 36)).astype(np.float32)
    found = look.attribute(bundle, signal, "integrated-gradients", target=0)
    weights = module[1].weight[0].detach().numpy().reshape(2, 36, 3).sum(2)  # a linear network: exact
    scaled = (signal - [[1.0], [2.0]]) / [[2.0], [4.0]]
    np.testing.assert_allclose(found.values[0], (weights * scaled).sum(0), rtol=1e-4, atol=1e-4)
    assert found.baseline == (1.0, 2.0)


def corner() -> nn.Module:
    """Says "bee" by how bright the upper left corner of 3×3 is, and nothing else."""
    module = nn.Sequential(
        nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)
    )
    with torch.no_grad():
        for weight in module.parameters():
            weight.zero_()
        module[0].weight.fill_(1.0)
        module[2].weight.fill_(1.0)
        looks_at = torch.zeros(12, 12)
        looks_at[:3, :3] = 1.5
        module[5].weight[1] = looks_at.flatten()
        module[5].bias[1] = -7.0
    return module.eval()


@pytest.mark.parametrize("method", METHODS)
def test_all_methods_point_at_the_corner_that_a_network_looks_at(method: str) -> None:
    picture = np.zeros((12, 12, 1), np.uint8)
    picture[2:-2, 2:-2] = 200  # most of what is bright has no say
    picture[:3, :3] = 230
    bundle = bundle_of(corner(), 1, 12, 12, classes=("ant", "bee"))
    found = look.attribute(bundle, picture, method, target="bee")
    assert found.probability == pytest.approx(1 / (1 + np.exp(7 - 9 * 1.5 * 230 / 255)), rel=1e-4)
    assert found.checks is not None
    if method == "grad-cam":  # knows which map counts, not where in it: its known limit
        assert (found.values > 0).sum() == (picture > 0).sum()
        return
    inside = np.abs(found.values[:4, :4]).sum() / np.abs(found.values).sum()  # windows of 2 reach beyond
    assert inside == pytest.approx(1.0, abs=1e-5)
    assert np.unravel_index(found.values.argmax(), (12, 12)) < (3, 3)
    assert not [sentence for sentence in found.checks.failed if "orders" in sentence]
    assert found.checks.deletion < 0.1 < 0.4 < found.checks.insertion


@pytest.mark.parametrize("method", METHODS)
def test_a_network_that_ignores_the_picture_has_an_empty_map_that_fails(method: str) -> None:
    module = seeded(plain())
    with torch.no_grad():
        module[6].weight.zero_()
    found = look.attribute(bundle_of(module, 3, 12, 10), picture_of(3, 12, 10), method)
    assert not found.values.any()
    assert found.checks is not None
    assert found.checks.failed[0] == "The map is 0 everywhere: it names no pixel."
    assert found.checks.deletion == pytest.approx(found.probability, abs=1e-5)


def edges(network: Scored, question: Question) -> Map:
    """How much the picture changes from pixel to pixel, whatever the network."""
    down, across = np.gradient(question.picture[0].mean(0))
    return Map(np.hypot(down, across).astype(np.float32))


def test_a_map_of_the_picture_alone_fails_by_the_random_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "edges", edges)
    bundle = bundle_of(seeded(plain()), 3, 12, 10)
    found = look.attribute(bundle, picture_of(3, 12, 10), "edges")
    assert found.checks is not None
    assert found.checks.similarity == pytest.approx(1.0)
    assert any(
        sentence.startswith("Random weights give a similar map (1.00)") for sentence in found.checks.failed
    )
    assert not found.checks.passed
    of_the_network = look.attribute(bundle, picture_of(3, 12, 10), "gradient").checks
    assert of_the_network is not None
    assert of_the_network.similarity < 0.7


def test_where_the_probability_does_not_move_there_is_nothing_to_check() -> None:
    module = seeded(plain())
    with torch.no_grad():
        module[6].weight.mul_(1e-4)
    found = look.attribute(bundle_of(module, 3, 12, 10), picture_of(3, 12, 10), "gradient")
    assert found.checks is not None
    assert found.checks.failed[0].endswith("whatever is removed: nothing to check.")


def test_the_seed_alone_decides_and_no_generator_is_moved() -> None:
    bundle, picture = bundle_of(seeded(plain()), 3, 12, 10), picture_of(3, 12, 10)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # type: ignore[index,union-attr]
    first = [look.attribute(bundle, picture, "smoothgrad", seed=seed) for seed in (1, 1, 2)]
    after = torch.get_rng_state(), np.random.get_state()[1], random.getstate()  # type: ignore[index]
    assert torch.equal(before[0], after[0])
    assert np.array_equal(before[1], after[1])
    assert before[2] == after[2]
    assert first[0].to_dict() == first[1].to_dict()
    assert first[0].to_dict() != first[2].to_dict()
    several = look.attributions(bundle, np.stack([picture_of(3, 12, 10, 9), picture]), seed=1)[1]
    (again,) = (one for one in several if one.method == "smoothgrad")
    assert again.to_dict() == first[0].to_dict()  # whatever else is asked


def test_gradients_are_taken_where_the_caller_has_turned_them_off() -> None:
    bundle, picture = bundle_of(seeded(plain()), 3, 12, 10), picture_of(3, 12, 10)
    with torch.no_grad():
        found = maps(bundle, picture)
    expected = maps(bundle, picture)
    assert all(np.array_equal(found[name], expected[name]) for name in METHODS)


def test_the_target_is_the_class_that_is_predicted_or_asked_for() -> None:
    bundle, picture = bundle_of(seeded(plain()), 3, 12, 10), picture_of(3, 12, 10)
    predicted = bundle.predict(picture)[0]
    first = look.attribute(bundle, picture, "gradient", check=False)
    assert first.target == predicted.label
    assert first.probability == pytest.approx(predicted.probability)
    by_name = look.attribute(bundle, picture, "gradient", target="dog", check=False)
    by_number = look.attribute(bundle, picture, "gradient", target=3, check=False)
    by_digits = look.attribute(bundle, picture, "gradient", target="3", check=False)
    assert by_name.to_dict() == by_number.to_dict() == by_digits.to_dict()
    assert look.Attribution.from_dict(by_name.to_dict()).to_dict() == by_name.to_dict()
    numbered = Bundle("tiny", ("3", "2", "1", "0"), bundle.preprocessing, bundle.graph, bundle.weights)
    assert look.attribute(numbered, picture, "gradient", target="3", check=False).target == "3"
    assert look.attribute(numbered, picture, "gradient", target=3, check=False).target == "0"


def test_what_cannot_be_asked_is_said() -> None:
    bundle, picture = bundle_of(seeded(plain()), 3, 12, 10), picture_of(3, 12, 10)
    with pytest.raises(UnknownName, match="unknown method 'grad-kam': did you mean 'grad-cam'"):
        look.attribute(bundle, picture, "grad-kam")
    with pytest.raises(UnknownName, match="unknown class 'dgo': did you mean 'dog'"):
        look.attribute(bundle, picture, target="dgo")
    with pytest.raises(UsageError, match="target 4 should be the name of a class, or 0 to 3"):
        look.attribute(bundle, picture, target=4)
    assert bundle.graph is not None
    flat = bundle.graph.output
    with pytest.raises(UsageError, match="gives 4, which is no map; Grad-CAM takes one of "):
        look.attribute(bundle, picture, layer=flat)
    with pytest.raises(UsageError, match="gives the picture itself"):
        look.attribute(bundle, picture, layer=bundle.graph.nodes[0].name)
    with pytest.raises(UnknownName, match="unknown layer"):
        look.attribute(bundle, picture, layer="conv")
    with pytest.raises(UsageError, match="a layer is for grad-cam"):
        look.attribute(bundle, picture, "gradient", layer="0")
    with pytest.raises(UsageError, match="2 targets for 1 pictures"):
        look.attributions(bundle, picture[None], targets=[0, 1])
    with pytest.raises(DataError, match=r"no picture nowhere\.png"):
        look.attribute(bundle, "nowhere.png")
    with pytest.raises(UsageError, match="steps=0"):
        look.Settings(steps=0)
    with pytest.raises(UsageError, match="noise=-1"):
        look.Settings(noise=-1)
    no_convolution = bundle_of(seeded(nn.Sequential(nn.Flatten(), nn.Linear(192, 4))), 3, 8, 8)
    with pytest.raises(UnsupportedOperation, match="no convolution"):
        look.attribute(no_convolution, picture_of(3, 8, 8))
    assert "grad-cam" not in look.methods_for(no_convolution)
    many = tuple(f"kind{number}" for number in range(1000))
    wide = bundle_of(seeded(nn.Sequential(nn.Flatten(), nn.Linear(192, 1000))), 3, 8, 8, classes=many)
    with pytest.raises(UnknownName) as caught:
        look.attribute(wide, picture_of(3, 8, 8), "gradient", target="knid7")
    assert len(str(caught.value)) < 400


def test_weights_that_diverged_are_refused() -> None:
    module = seeded(plain())
    with torch.no_grad():
        module[0].weight[0] = float("nan")
    with pytest.raises(DataError, match="training diverged"):
        look.attribute(bundle_of(module, 3, 12, 10), picture_of(3, 12, 10))


@pytest.mark.parametrize("name", ["convnet-bn", "lenet-5", "resnet-8", "simple-cnn-4-8"])
def test_networks_of_the_catalogue_have_maps(name: str) -> None:
    graph = nets.graph(name, (1, 28, 28), classes=10)
    bundle = Bundle(
        name,
        tuple("0123456789"),
        Preprocessing(height=28, width=28, channels=1),
        graph,
        initial_weights(graph, 0),
    )
    (found,) = look.attributions(bundle, picture_of(1, 28, 28)[None], check=False, settings=QUICK)
    assert {one.method for one in found} == set(METHODS)
    assert all(one.values.shape == (28, 28) and one.values.any() for one in found)
