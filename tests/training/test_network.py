"""Networks of one's own: files, classes and modules, and what is said where they fail."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.errors import (
    ConvscopeError,
    ConvscopeWarning,
    ShapeError,
    UnknownName,
    UnsupportedOperation,
    UsageError,
)
from convscope.training.network import open_network
from convscope.training.own_network import load_file

from .conftest import SAMPLER_NET, TUTORIAL_NET

SHAPE = (1, 8, 8)
NetFile = Callable[..., Path]


def opened(net: Any, classes: int = 10, seed: int = 0) -> Any:
    return open_network(net, SHAPE, classes, seed=seed)


class Linear(nn.Sequential):
    def __init__(self, classes: int = 10) -> None:
        super().__init__(nn.Flatten(), nn.Linear(64, classes))


@pytest.mark.parametrize("suffix", ["", ":Net"])
def test_a_tutorial_class_in_a_file_becomes_a_graph(net_file: NetFile, suffix: str) -> None:
    file = net_file()
    network = opened(f"{file}{suffix}", classes=7)
    assert (network.name, network.own, network.outputs) == ("Net", True, "logits")
    assert network.graph.output_shape == (7,)  # num_classes was passed
    assert network.parameters == (9 * 6 + 6) + (54 * 50 + 50) + (200 * 24 + 24) + (24 * 7 + 7)
    original = load_file(str(file))(num_classes=7)
    original.load_state_dict({name: torch.from_numpy(value) for name, value in network.weights.items()})
    batch = torch.rand(3, *SHAPE)
    with torch.no_grad():
        torch.testing.assert_close(network.to_module().eval()(batch), original.eval()(batch))


def test_the_first_weights_depend_on_the_seed_alone(net_file: NetFile) -> None:
    before = torch.get_rng_state()
    first, again, other = (opened(str(net_file()), seed=seed).weights for seed in (5, 5, 6))
    assert torch.equal(torch.get_rng_state(), before)
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name])
        assert (value != other[name]).any()
    torch.manual_seed(5)
    expected = load_file(str(net_file()))().conv1.weight.detach().numpy()
    np.testing.assert_array_equal(first["conv1.weight"], expected)


def test_a_class_and_a_module_will_do() -> None:
    assert opened(Linear, classes=4).graph.output_shape == (4,)
    module = Linear()
    network = opened(module)
    assert (network.weights["1.weight"] == module[1].weight.detach().numpy()).all()


def test_the_file_may_import_its_neighbours(net_file: NetFile) -> None:
    net_file("WIDTH = 64\n", "neighbour_of_mynet.py")
    file = net_file(
        "from neighbour_of_mynet import WIDTH\nfrom torch import nn\n\n\nclass Net(nn.Sequential):\n"
        "    def __init__(self):\n        super().__init__(nn.Flatten(), nn.Linear(WIDTH, 10))\n"
    )
    path = list(sys.path)
    assert opened(str(file)).parameters == 650
    assert sys.path == path


@pytest.mark.parametrize(
    ("source", "spec", "kind", "words"),
    [
        (TUTORIAL_NET, ":Nett", UnknownName, ["'Nett'", "did you mean 'Net'"]),
        (TUTORIAL_NET + "\n\nclass Other(nn.Module):\n    pass\n", "", UsageError, ["Net, Other", ":Class"]),
        ("x = 1\n", "", UsageError, ["none"]),
        ("from torch.nn import Linear\n", "", UsageError, ["none"]),
        ("x = 1\nclass Net(:\n", "", ConvscopeError, ["mynet.py, line 2", "SyntaxError"]),
        ("import nothing_like_it\n", "", ConvscopeError, ["mynet.py, line 1", "nothing_like_it"]),
        ("import json\n\njson.loads('{')\n", "", ConvscopeError, ["mynet.py, line 3", "JSONDecodeError"]),
        ("import sys\nsys.exit(4)\n", "", ConvscopeError, ["mynet.py, line 2", "SystemExit: 4"]),
        ("class Net:\n    pass\n", ":Net", UsageError, ["Net in", "no network", "subclass of nn.Module"]),
        ("x = 1\n", ":Net", UsageError, ["defines no network", "called Net"]),
        (
            "from torch import nn\nclass Net(nn.Module):\n    def forward(self, x): return F.relu(x)\n",
            "",
            ConvscopeError,
            ["Net fails", "mynet.py, line 3", "NameError: name 'F' is not defined"],
        ),
        (
            "from torch import nn\nclass Net(nn.Sequential):\n"
            "    def __init__(self): super().__init__(nn.Linear(8, 100))\n"
            "    def forward(self, x): return self[0](x).view(-1, 10)\n",
            "",
            ShapeError,
            ["160×10", "mixes the pictures", "x.view(x.size(0), -1)"],
        ),
        (
            "from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n        1 / 0\n",
            "",
            ConvscopeError,
            ["Net() fails", "mynet.py, line 4", "division by zero"],
        ),
        (
            "from torch import nn\nclass Net(nn.Module):\n    def __init__(self, width, *, depth): ...\n",
            "",
            UsageError,
            ["Net needs width, depth"],
        ),
        (
            "from torch import nn\nclass Net(nn.Module):\n    def forward(self, x): return x[0, 5]\n",
            "",
            ShapeError,
            ["Net does not take pictures of 1×8×8", "mynet.py, line 3", "--size"],
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    net_file: NetFile, source: str, spec: str, kind: type[ConvscopeError], words: list[str]
) -> None:
    with pytest.raises(ConvscopeError) as caught:
        opened(f"{net_file(source)}{spec}")
    assert type(caught.value) is kind
    for word in words:
        assert word in str(caught.value)


def test_the_line_is_named_in_a_folder_called_convscope(tmp_path: Path) -> None:
    folder = tmp_path / "convscope" / "nets"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text("\n1 / 0\n")
    with pytest.raises(ConvscopeError, match=r"mine\.py, line 2"):
        opened(str(folder / "mine.py"))


@pytest.mark.parametrize("spec", ["none.py", "none.py:Net", "net.pyx", "net.py.txt", "none/net.py:Net"])
def test_a_file_that_is_not_there_is_named(spec: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py.txt").write_text(TUTORIAL_NET)
    with pytest.raises(ConvscopeError, match=f"no Python file {spec.removesuffix(':Net')}"):
        opened(spec)


@pytest.mark.parametrize("net", [int, 3, nn.functional.relu, {"a": 1}])
def test_what_is_no_module_is_refused(net: Any) -> None:
    with pytest.raises(UsageError, match=r"should be a name, file\.py:Class or an nn\.Module"):
        opened(net)


def test_the_wrong_number_of_outputs_is_said() -> None:
    with pytest.raises(ShapeError, match="2×3 scores for 2 pictures and 3 classes, but gives 2×10"):
        opened(Linear(10), classes=3)


def test_the_wrong_size_is_said(net_file: NetFile) -> None:
    with pytest.raises(ShapeError) as caught:
        open_network(str(net_file()), (1, 28, 28), 10, seed=0)
    assert "--size" in str(caught.value)  # x.view(-1, 200) makes 24 rows of two pictures
    with pytest.raises(ShapeError, match=r"does not take pictures of 3×8×8.*--channels"):
        open_network(str(net_file()), (3, 8, 8), 10, seed=0)


class Tuple(Linear):
    def forward(self, x: torch.Tensor) -> Any:
        return super().forward(x), 1


def test_an_output_that_is_no_tensor_is_said() -> None:
    with pytest.raises(ShapeError, match="but gives tuple"):
        opened(Tuple())


def test_what_the_graph_cannot_express_is_kept_as_a_program(net_file: NetFile) -> None:
    with pytest.warns(ConvscopeWarning, match="not in convscope's graph") as caught:
        network = opened(str(net_file(SAMPLER_NET)))
    assert [w.message.code for w in caught] == ["not-in-graph"]
    assert network.graph is None
    assert network.program is not None
    assert network.parameters == 6 + 2 + 64 * 10 + 10
    module, another = network.to_module(), network.to_module()
    assert module is not another
    assert module.fc.weight is not another.fc.weight


class Branches(Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x if x.sum() > 0 else -x)


def test_what_cannot_be_kept_is_refused_before_the_training() -> None:
    with pytest.raises(
        UnsupportedOperation, match="decides by the values of a picture"
    ):  # and without a warning before
        opened(Branches())


@pytest.mark.parametrize(("final", "outputs"), [(F.softmax, "probabilities"), (F.log_softmax, "logits")])
def test_softmax_at_the_end_is_warned_of(final: Any, outputs: str) -> None:
    class Final(Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return final(super().forward(x), dim=1)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert opened(Final()).outputs == outputs
    codes = [w.message.code for w in caught if isinstance(w.message, ConvscopeWarning)]
    assert codes == (["softmax-output"] if outputs == "probabilities" else [])


@pytest.mark.parametrize(
    ("final", "outputs"),
    [
        (nn.Softmax(1), "probabilities"),
        (nn.Softmax(-1), "probabilities"),
        (nn.LogSoftmax(1), "logits"),
        (nn.Softmax(0), "logits"),
        (nn.Identity(), "logits"),
    ],
)
@pytest.mark.filterwarnings("ignore::convscope.errors.ConvscopeWarning")
def test_a_program_that_ends_in_softmax_gives_probabilities(final: nn.Module, outputs: str) -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.PReLU(), nn.Flatten(), nn.Linear(2 * 36, 10), final)
    network = opened(module)
    assert (network.graph, network.outputs) == (None, outputs)


def test_a_name_of_the_catalogue_has_the_weights_of_the_seed() -> None:
    network = opened("simple-cnn-16-32", seed=3)
    assert (network.own, network.module, network.program) == (False, None, None)
    bound = 1 / np.sqrt(9)
    assert 0.5 * bound < abs(network.weights["conv1.weight"]).max() <= bound
    with pytest.raises(UnknownName, match="did you mean 'simple-cnn-16-32'"):
        opened("simple-cnn-16-23")


def test_a_module_in_a_file_and_one_without_sizes(net_file: NetFile) -> None:
    source = (
        "from torch import nn\n"
        "net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10))\n"
    )
    first, again = opened(f"{net_file(source)}:net"), opened(f"{net_file(source)}:net")
    assert first.parameters == 20 + 10 * (2 * 6 * 6 + 1)
    for name, weight in first.weights.items():
        if name.startswith("3."):  # drawn when its first input gives it its size; the others at import
            np.testing.assert_array_equal(weight, again.weights[name])
