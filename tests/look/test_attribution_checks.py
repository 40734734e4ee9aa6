"""Removal, similarity, verdicts and the place of a layer's map, against loops, SciPy and captum."""

from __future__ import annotations

import captum.attr
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import trapezoid
from scipy.stats import spearmanr
from torch import nn

from convscope import nets
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.errors import UnsupportedOperation
from convscope.graph import Builder
from convscope.look.attribution.checks import RANDOM_ORDERS, similarity, verdict
from convscope.look.attribution.layer import default_layer, placed
from convscope.look.attribution.methods import Map
from convscope.look.attribution.removal import areas, baseline_of, curves, order_of, random_orders
from convscope.look.attribution.scored import randomised, scored

from .bundles import bundle_of, seeded

GREY = Preprocessing(height=4, width=6, channels=1)


def brightness(pictures: np.ndarray) -> np.ndarray:
    """A network that says how bright the left half is."""
    result: np.ndarray = pictures[:, :, :3].mean(axis=(1, 2, 3)) / 255
    return result


def test_curves_are_those_of_removing_pixel_by_pixel() -> None:
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (4, 6, 1)).astype(np.uint8)
    orders = [random.permutation(24) for _ in range(30)]  # more than go through the network together
    found = curves(brightness, GREY, picture, np.array([7], np.uint8), orders)
    assert found.shape == (30, 21)
    for order, curve in zip(orders, found, strict=True):
        for step, probability in enumerate(curve):
            left = picture.copy().reshape(24)
            left[order[: round(step * 24 / 20)]] = 7
            assert probability == pytest.approx(brightness(left.reshape(1, 4, 6, 1))[0])
    np.testing.assert_allclose(areas(found), trapezoid(found, dx=1 / 20, axis=1))
    back = curves(brightness, GREY, picture, np.array([7], np.uint8), [orders[0][::-1]])
    empty = np.full((24,), 7)  # insertion is deletion from the end
    for step in range(21):
        put_back = empty.copy()
        put_back[orders[0][: round(step * 24 / 20)]] = picture.reshape(24)[orders[0][: round(step * 24 / 20)]]
        assert back[0, 20 - step] == pytest.approx(brightness(put_back.reshape(1, 4, 6, 1))[0])


def test_the_ground_of_a_picture_is_that_of_its_sides() -> None:
    dark_ink = np.full((8, 9, 3), (250, 240, 230), np.uint8)
    dark_ink[1:, 3:6] = 10
    colour = Preprocessing(height=8, width=9, channels=3)
    assert baseline_of(colour, dark_ink).tolist() == [250, 240, 230]
    signal = np.ones((2, 5), np.float32)
    assert baseline_of(ArrayPreprocessing(shape=(2, 5)), signal).tolist() == [0, 0]
    scaled = ArrayPreprocessing(shape=(2, 5), mean=(3.0, 4.0), std=(1.0, 1.0))
    assert baseline_of(scaled, signal).tolist() == [3, 4]


@given(height=st.integers(1, 12), width=st.integers(1, 12), seed=st.integers(0, 99))
def test_random_orders_take_each_pixel_once(height: int, width: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    orders = [order_of(values, seed), *random_orders(values, 3, seed)]
    for order in orders:
        assert sorted(order) == list(range(height * width))
    assert (np.diff(values.ravel()[orders[0]]) <= 0).all()
    for again, order in zip(random_orders(values, 3, seed), orders[1:], strict=True):
        np.testing.assert_array_equal(again, order)


def test_random_orders_are_as_coarse_as_the_map() -> None:
    y, x = np.mgrid[:24, :24]
    spot = np.exp(-((y - 6) ** 2 + (x - 6) ** 2) / 40)
    noise = np.random.default_rng(0).normal(size=(24, 24))

    def together(values: np.ndarray) -> float:
        """How many right-hand neighbours of the first quarter of an order are in it too; 1/4 by chance."""
        shares = []
        for order in random_orders(values, 10, 1):
            early = np.zeros(24 * 24, bool)
            early[order[: 24 * 6]] = True
            grid = early.reshape(24, 24)
            shares.append((grid[:, 1:] & grid[:, :-1]).sum() / grid[:, :-1].sum())
        return float(np.mean(shares))

    assert together(spot) > 0.75
    assert together(noise) == pytest.approx(0.25, abs=0.05)
    assert together(np.zeros((24, 24))) == pytest.approx(0.25, abs=0.05)
    # anywhere: the first tenth of many orders covers all parts alike
    first = np.concatenate([order[:57] for order in random_orders(spot, 200, 0)])
    quarters = np.histogram2d(first // 24, first % 24, bins=2)[0] / first.size
    np.testing.assert_allclose(quarters, 0.25, atol=0.06)


def test_similarity_is_spearmans_of_the_magnitudes_that_are_not_both_zero() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 9, 9))
    a[:4], b[:4] = 0, 1e-7 * random.normal(size=(4, 9))  # rounding
    expected = spearmanr(np.abs(a[4:]).ravel(), np.abs(b[4:]).ravel()).statistic
    assert similarity(a, [b]) == pytest.approx(expected)
    assert similarity(a, [b, a]) == pytest.approx((expected + 1) / 2)
    flat = np.zeros((9, 9))
    assert similarity(a, [flat]) == similarity(flat, [a]) == 0
    assert similarity(flat, [flat]) == 1


def test_the_verdict_has_a_sentence_for_each_check_that_fails() -> None:
    values = np.arange(4, dtype=np.float32).reshape(2, 2)
    chance = np.linspace(0.3, 0.7, RANDOM_ORDERS)[:, None] * np.ones(3)

    def of(deletion: float, insertion: float, similarity: float = 0.0, gap: float | None = None) -> list[str]:
        followed = np.concatenate([[[deletion] * 3], [[insertion] * 3], chance])
        return list(verdict(Map(values, gap), followed, similarity).failed)

    assert of(0.1, 0.9) == []
    assert of(0.31, 0.69) == []  # one random order in 19 does better
    assert of(0.35, 0.9) == ["Deletion: 3 of 19 random orders do as well."]
    assert of(0.1, 0.5) == ["Insertion: 10 of 19 random orders do as well."]
    assert of(0.1, 0.9, similarity=0.7)[0].startswith("Random weights give a similar map (0.70)")
    assert of(0.1, 0.9, gap=0.02) == []
    assert of(0.1, 0.9, gap=0.3) == ["Its sum misses the score's change by 30 % of all it attributes."]


def test_random_weights_keep_their_size_and_nothing_else() -> None:
    module = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(288, 4))
    network = scored(bundle_of(seeded(module), 1, 8, 8))
    before = {name: value.clone() for name, value in network.module.state_dict().items()}
    other, again = (randomised(network, 3).module.state_dict() for _ in range(2))
    for name, value in network.module.state_dict().items():
        assert torch.equal(value, before[name])  # the network itself stays
        assert torch.equal(other[name], again[name])
        if value.ndim >= 2:
            assert abs(float(torch.corrcoef(torch.stack([value.ravel(), other[name].ravel()]))[0, 1])) < 0.35
            assert float(other[name].std()) == pytest.approx(float(value.std()), rel=0.25)
        else:
            assert torch.equal(value, other[name])


def test_maps_of_padded_layers_lie_where_captum_stretches_them() -> None:
    b = Builder("padded")
    x = b.relu(b.conv2d(b.input(1, 12, 20), 3, kernel_size=3, padding=1))
    x = b.relu(b.conv2d(b.max_pool(x, kernel_size=2), 3, kernel_size=5, padding=2), name="here")
    graph = b.build(b.linear(b.flatten(x), 4))
    values = np.random.default_rng(0).normal(size=(6, 10)).astype(np.float32)
    expected = captum.attr.LayerAttribution.interpolate(
        torch.from_numpy(values)[None, None], (12, 20), "bilinear"
    )
    np.testing.assert_allclose(placed(graph, "here", values), expected[0, 0].numpy(), atol=1e-5)


def test_a_cell_of_a_layer_without_padding_lies_in_the_middle_of_what_it_sees() -> None:
    graph = nets.graph("simple-cnn-4-8")
    one = np.zeros((11, 11), np.float32)
    one[4, 7] = 1
    whole = placed(graph, "relu2", one)
    # conv 3, pool 2, conv 3: cell i sees 2·i to 2·i + 7, the middle is 2·i + 3.5
    peak = np.argwhere(whole == whole.max())
    assert peak.mean(axis=0).tolist() == [2 * 4 + 3.5, 2 * 7 + 3.5]


def test_grad_cam_looks_at_the_last_convolution_with_what_follows_it() -> None:
    assert default_layer(nets.graph("lenet-5")) == "tanh2"
    b = Builder("residual")
    x = b.conv2d(b.input(1, 8, 8), 2, kernel_size=3, padding=1)
    y = b.batch_norm(b.conv2d(b.relu(x), 2, kernel_size=3, padding=1))
    joined = b.relu(b.add(y, x), name="joined")
    graph = b.build(b.linear(b.flatten(b.max_pool(joined, kernel_size=2)), 4))
    assert default_layer(graph) == "joined"
    b = Builder("flat")
    with pytest.raises(UnsupportedOperation, match="flat has no convolution"):
        default_layer(b.build(b.linear(b.flatten(b.input(1, 8, 8)), 4)))
