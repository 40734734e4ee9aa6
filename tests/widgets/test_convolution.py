"""The Convolution widget in Python: its values, what it refuses, and what it tells and hears."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ipywidgets import IntSlider, link
from PIL import Image
from scipy.signal import correlate2d

from convscope.errors import ConvscopeError, UsageError
from convscope.widgets import Convolution

from .conftest import Notebook

pytestmark = pytest.mark.usefixtures("built")
NINE = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


@pytest.fixture(autouse=True)
def page(notebook: Notebook) -> Notebook:
    return notebook


# -- values


def test_its_numbers_are_those_of_scipy_and_written_out() -> None:
    picture = np.random.default_rng(0).integers(-9, 9, (6, 7))
    kernel = np.array([[1, 2], [0, -1], [3, 1]])
    shown = Convolution(picture, kernel, padding="full")
    assert np.array_equal(shown.output, correlate2d(picture, kernel, mode="full"))
    shown.at = (4, 4)
    window = picture[2:5, 3:5]
    assert shown.step.result == (window * kernel).sum()
    assert np.array_equal(shown.step.window, window)


def test_filters_over_channels_are_pytorchs() -> None:
    random = np.random.default_rng(1)
    picture, filters = random.normal(size=(3, 7, 8)), random.normal(size=(2, 3, 3, 3))
    bias = (0.5, -1.0)
    shown = Convolution(picture, filters, stride=(2, 1), padding=1, dilation=2, bias=bias, at=(1, 2, 3))
    wanted = torch.nn.functional.conv2d(
        torch.tensor(picture), torch.tensor(filters), torch.tensor(bias).double(), (2, 1), 1, 2
    ).numpy()
    assert np.allclose(shown.output, wanted)
    assert shown.step.result == pytest.approx(wanted[1, 2, 3])


def test_one_plane_meets_each_channel_by_itself() -> None:
    picture = np.random.default_rng(2).integers(0, 255, (3, 5, 6)).astype(np.uint8)
    shown = Convolution(picture, "box", at=(2, 1, 1))
    wanted = [correlate2d(channel.astype(float), np.full((3, 3), 1 / 9), mode="valid") for channel in picture]
    assert np.allclose(shown.output, wanted)
    assert shown.step.result == pytest.approx(wanted[2][1, 1])


def test_one_plane_per_channel_is_summed() -> None:
    picture, planes = np.arange(18).reshape(2, 3, 3), np.array([[[1, 0], [0, 1]], [[0, 2], [0, 0]]])
    wanted = sum(
        correlate2d(channel, plane, mode="valid") for channel, plane in zip(picture, planes, strict=True)
    )
    assert np.array_equal(Convolution(picture, planes).output, wanted)


def test_pools_are_pytorchs() -> None:
    picture = np.random.default_rng(3).normal(size=(6, 6))
    for pool, wanted in {
        "max:2": torch.nn.functional.max_pool2d,
        "average:2": torch.nn.functional.avg_pool2d,
    }.items():
        assert np.allclose(Convolution(picture, pool=pool).output, wanted(torch.tensor(picture)[None], 2)[0])
    assert Convolution(picture, pool="global-max").output == pytest.approx(picture.max())


def test_what_follows() -> None:
    picture = np.random.default_rng(5).normal(size=(8, 8))
    shown = Convolution(picture, "laplacian", pool="max:2", then="relu | flatten | softmax")
    maps = torch.tensor(correlate2d(picture, [[0, 1, 0], [1, -4, 1], [0, 1, 0]], mode="valid"))[None]
    wanted = torch.nn.functional.max_pool2d(maps, 2).relu().flatten().softmax(0)
    assert np.allclose(shown.output, maps[0])
    assert np.allclose(shown.end, wanted)


def test_without_kernel_and_pool_it_is_the_commands() -> None:
    picture = np.random.default_rng(6).integers(0, 9, (5, 5))
    assert np.array_equal(
        Convolution(picture).output, correlate2d(picture, [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], "valid")
    )


def test_signals() -> None:
    assert Convolution([3, 2, 1, 0], [1, 0, -1], flip=True, padding="full").output.tolist() == [
        3,
        2,
        -2,
        -2,
        -1,
        0,
    ]
    two = Convolution([[1, 2, 3], [0, 1, 0]], [[[1, 1], [2, 0]]], signal=True)
    assert two.output.tolist() == [3, 7]


@pytest.mark.parametrize(
    "form", ["array", "list", "pillow", "path", "npy", "typed", "tensor", "colours last"]
)
def test_pictures_of_any_form(form: str, tmp_path: Path) -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(6, 8)
    Image.fromarray(pixels).save(tmp_path / "grey.png")
    np.save(tmp_path / "grey.npy", pixels)
    colours = np.stack([pixels, pixels + 1, pixels + 2], -1)
    forms: dict[str, Any] = {
        "array": pixels,
        "list": pixels.tolist(),
        "pillow": Image.fromarray(pixels),
        "path": tmp_path / "grey.png",
        "npy": str(tmp_path / "grey.npy"),
        "typed": "; ".join(" ".join(map(str, row)) for row in pixels),
        "tensor": torch.tensor(pixels),
        "colours last": colours,
    }
    shown = Convolution(forms[form], "sobel-x")
    assert np.array_equal(shown.picture, np.moveaxis(colours, -1, 0) if form == "colours last" else pixels)


# -- what is refused


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("kernel", "sobel-z", "unknown kernel 'sobel-z': did you mean 'sobel-y'"),
        ("kernel", np.ones((4, 4)), "does not fit an input of"),
        ("kernel", [[1, 2], [3]], "rows of different lengths"),
        ("kernel", "1 0; 0", "is no matrix: rows have 1 and 2 numbers"),
        ("then", "relu | smax", "unknown stage 'smax'"),
        ("then", "linear:1 2", "put flatten before it"),
        ("picture", [[1, float("nan")]], "holds nan at (0, 1)"),
        ("picture", "no-such.png", "no-such.png"),
        ("picture", np.zeros((1, 2, 3, 4)), "should have the shape (height, width)"),
        ("picture", np.ones((300, 300, 3)), "np.moveaxis(photo, -1, 0), or a PIL image"),
        ("picture", np.ones((20, 30, 4)), "colours come last"),
        ("picture", np.ones((65, 5, 5)), "has too many channels; channels come first here, up to 64"),
        ("pool", "maximum:2", "unknown pool 'maximum'"),
        ("padding", "some", "unknown padding 'some'"),
        ("padding", ((0, 1), (0, 1)), "pads alike before and after"),
        ("padding", -1, "padding=-1 should be"),
        ("stride", 0, "stride=0 should be a whole number from 1"),
        ("dilation", 3, "does not fit"),
        ("border", "mirror", "unknown border 'mirror'"),
        ("bias", "much", "bias"),
        ("at", (2, 0), "there is no step at (2, 0): the output has the shape (2, 2)"),
        ("at", "here", "should be a position of the output"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    setting: str, value: Any, sentence: str, page: Notebook
) -> None:
    shown = Convolution(NINE, [[1, 0], [0, -1]], at=(1, 1))
    before, output = dict(shown._words), shown.output
    page.told()
    with pytest.raises(ConvscopeError) as refused:
        setattr(shown, setting, value)
    assert sentence in str(refused.value)
    assert shown._words == before
    assert np.array_equal(shown.output, output)
    assert not page.told()


@pytest.mark.parametrize(
    "setting", [{"kernel": np.ones((4, 4))}, {"stride": 0}, {"at": (9, 9)}, {"colour": 1}]
)
def test_a_refused_call_opens_nothing_in_the_page(setting: dict[str, Any], notebook: Notebook) -> None:
    with pytest.raises(ConvscopeError):
        Convolution(NINE, **setting)
    assert not notebook.told()


def test_settings_that_it_does_not_have_and_those_it_computes() -> None:
    with pytest.raises(UsageError, match="the widget has no colour; it has kernel, pool, padding"):
        Convolution(NINE, colour="red")
    with pytest.raises(AttributeError):
        Convolution(NINE).output = 3


def test_what_fits_only_together_is_set_together() -> None:
    shown = Convolution(NINE, [[1, 0], [0, -1]], at=(1, 1))
    with shown.hold_trait_notifications():
        shown.picture = np.ones((9, 9))
        shown.kernel = np.ones((7, 7))
        shown.at = (2, 2)
    assert (shown.output == 49).all()
    assert shown.at == (2, 2)
    with (  # noqa: PT012
        pytest.raises(traitlets.TraitError, match="do not fit an input of 1"),
        shown.hold_trait_notifications(),
    ):
        shown.picture = np.ones((3, 3))
        shown.padding = "same"
        shown.kernel = np.ones((2, 2, 2))
    assert shown.picture.shape == (9, 9)
    assert shown.padding == "valid"
    assert shown.kernel.shape == (7, 7)


def test_a_position_that_the_new_output_does_not_have_is_dropped() -> None:
    shown = Convolution(NINE, [[1, 0], [0, -1]], padding=1, at=(3, 3))
    shown.padding = 0
    assert shown.at is None
    assert shown.step.position == (0, 0)


# -- both ways


def test_what_python_sets_the_page_is_told(page: Notebook) -> None:
    shown = Convolution(NINE, [[1, 0], [0, -1]])
    page.told()
    shown.kernel = np.array([[0.5, 1], [2, -0.25]])
    shown.flip = True
    shown.padding = (1, 2)
    shown.at = [0, 1]
    words = page.updates()["_words"]
    assert words["kernel"] == "0.5 1; 2 -0.25"
    assert (words["flip"], words["padding"], words["at"]) == ("yes", "1,2", "0,1")
    with shown.hold_trait_notifications():
        shown.padding, shown.picture = 0, np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], np.uint8)
    sent = page.updates()["_picture"]
    assert (sent["kind"], sent["shape"]) == ("numbers", [2, 2, 2])
    assert np.frombuffer(sent["data"], "<f8").tolist() == list(range(1, 9))


def test_what_the_page_changes_is_read_and_heard_and_not_sent_back(page: Notebook) -> None:
    shown = Convolution(NINE, [[1, 0], [0, -1]])
    heard: list[Any] = []
    shown.observe(lambda change: heard.append((change.name, change.new)), ["at", "stride", "flip"])
    page.told()
    page.say(
        shown, kernel="gaussian:1", padding="same", stride="1,2", at="2,1", flip="yes", border="replicate"
    )
    assert (shown.kernel, shown.padding, shown.stride, shown.at) == ("gaussian:1", "same", (1, 2), (2, 1))
    assert sorted(heard) == [("at", (2, 1)), ("flip", True), ("stride", (1, 2))]
    page.say(shown, kernel="1 0;0 1", padding="0", at="")  # as it was typed
    assert shown.kernel.tolist() == [[1, 0], [0, 1]]
    assert shown._words["kernel"] == "1 0;0 1"
    assert not page.updates()


def test_a_picture_of_the_page(page: Notebook) -> None:
    shown = Convolution(NINE, "box", padding=1)
    page.told()
    pixels = np.random.default_rng(4).integers(0, 255, (3, 4, 5)).astype(np.uint8)
    message = {"name": "photo.jpg", "kind": "picture", "shape": [3, 4, 5], "data": pixels.tobytes()}
    page.change(shown, _picture=message)
    assert np.array_equal(shown.picture, pixels)
    assert shown.output.shape == (3, 4, 5)
    signal = {"name": "n", "kind": "numbers", "shape": [2, 3], "data": np.arange(6.0).tobytes()}
    page.change(shown, _picture=signal, _words={**shown._words, "kernel": "1 / 1", "padding": "valid"})
    assert shown.signal
    assert shown.output.tolist() == [3, 5, 7]
    assert not page.updates()


def test_what_was_typed_and_cannot_be_computed_stays_in_the_page(page: Notebook) -> None:
    shown = Convolution(NINE, [[1, 0], [0, -1]])
    page.told()
    page.say(shown, kernel="1 0; 0")
    assert "rows have 1 and 2 numbers" in shown.problem
    assert shown.kernel.tolist() == [[1, 0], [0, -1]]
    assert not page.updates()
    page.say(shown, kernel="1 0; 0 2")
    assert (shown.problem, shown.kernel.tolist()) == ("", [[1, 0], [0, 2]])
    page.change(shown, _picture={"name": "x", "kind": "picture", "shape": [1, 9, 9], "data": b"123"})
    assert "the page sent no picture" in shown.problem
    assert shown.picture.shape == (3, 3)


def test_it_is_linked_with_other_widgets() -> None:
    shown, slider = Convolution(NINE, [[1]]), IntSlider(1, 1, 3)
    link((slider, "value"), (shown, "stride"))
    slider.value = 2
    assert shown.output.tolist() == [[1, 3], [7, 9]]


def test_an_observer_may_set_what_the_page_did_not(page: Notebook) -> None:
    shown = Convolution(NINE, [[1, 0], [0, -1]])
    shown.observe(lambda change: setattr(shown, "kernel", [[int(change.new == "reflect")]]), "border")
    page.told()
    page.say(shown, border="reflect")
    assert shown.kernel.tolist() == [[1]]
    assert page.updates()["_words"]["kernel"] == "1"


numbers = st.one_of(st.integers(-99, 99), st.floats(-99, 99, width=32))


@pytest.mark.filterwarnings("ignore:.*even-kernel")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=2, max_size=2),
    st.sampled_from(["valid", "same", "full", 0, 1, (1, 2)]),
    st.sampled_from([1, 2, (1, 2)]),
    st.sampled_from(["zeros", "replicate"]),
    st.booleans(),
    st.sampled_from([None, 0.1, -3]),
)
def test_a_page_that_says_what_it_was_told_changes_nothing(
    kernel: Any, padding: Any, stride: Any, border: str, flip: bool, bias: Any
) -> None:
    """The words of every setting come back as the same numbers."""
    one = Convolution(
        NINE, kernel, padding=padding, stride=stride, border=border, flip=flip, bias=bias, at=(0, 0)
    )
    other = Convolution()
    other.set_state({"_words": dict(one._words), "_picture": dict(one._picture)})
    assert other.problem == ""
    assert np.array_equal(one.output, other.output)
    assert one.step.equation() == other.step.equation()
    assert other._words == one._words


# -- where no widgets run


def test_a_viewer_without_widgets_gets_the_step_as_a_drawing() -> None:
    shown = Convolution(NINE, [[1, 0], [0, -1]], at=(1, 0))
    data, _ = shown._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == shown.model_id
    assert data["image/svg+xml"].startswith("<svg")
    assert "4·1 + 5·0 + 7·0 + 8·(-1) = -4" in data["image/svg+xml"]
    assert "4·1 + 5·0 + 7·0 + 8·(-1) = -4" in data["text/plain"]
    assert "text/html" not in data
