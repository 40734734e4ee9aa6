"""What a screen gives to copy, run as a person runs it, says the numbers that are shown."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from convscope import Bundle
from convscope.cli.execute import execute
from convscope.errors import ConvscopeError

from .convolution_addresses import PLAIN, Case, drawn_case, global_pools
from .copied_texts import copied, in_a_shell, in_python, words

COUNT = 120
IN_A_SHELL = 5  # of them, each as a process of its own
QUIET = "ignore::convscope.errors.ConvscopeWarning"  # of even kernels, and of untrained networks


def cases() -> list[Case]:
    chance, found, refused = random.Random(8), list[Case](), 0
    while len(found) < COUNT:
        try:
            found.append(drawn_case(chance))
        except ConvscopeError:
            refused += 1
    assert refused < COUNT
    return [*global_pools(), *found]


def said(command: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """What a copied line prints with --json, in this process."""
    _, name, *rest = words(command)
    capsys.readouterr()
    code = execute([name, "--json", *rest])
    out, err = capsys.readouterr()
    assert code == 0, (command, err)
    return json.loads(out)


def end(document: Any) -> np.ndarray:
    stage = document["then"][-1] if "then" in document else document["output"]
    return np.array(stage["numbers"]).ravel()


def expected_numbers(case: Case) -> np.ndarray:
    """In the order of `convscope conv`, which has the colours of a photo last."""
    values = case.expected
    colours = case.pixels is not None and case.pixels.ndim == 3
    colours = colours and not case.address["grey"]
    apart = case.address["kernel"].count("/ ") < 1 or not case.address["kernel"]
    return (np.moveaxis(values, 0, -1) if colours and apart and values.ndim == 3 else values).ravel()


@pytest.fixture
def at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("warnings.showwarning", None)  # `execute` sets its own; restored afterwards
    return tmp_path


@pytest.mark.filterwarnings(QUIET)
def test_the_convolution_screen(at_work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = cases()
    texts = copied(at_work, [("convolutionTexts", (case.address, case.name)) for case in made])
    for key in PLAIN:  # every setting is there
        assert sum(case.address[key] != PLAIN[key] for case in made) > 8, key
    for number, (case, text) in enumerate(zip(made, texts, strict=True)):
        if case.pixels is not None:
            Image.fromarray(case.pixels).save(at_work / case.name)
        document = said(text["command"], capsys)
        left, printed = in_python(text["python"])
        where = f"{case.address}\n{text['command']}\n{text['python']}"
        np.testing.assert_allclose(end(document), expected_numbers(case), rtol=1e-9, atol=1e-9, err_msg=where)
        output = np.asarray(left["output"])
        np.testing.assert_allclose(output.ravel(), case.expected.ravel(), rtol=1e-9, atol=1e-9, err_msg=where)
        assert np.array_equal(np.sort(output.ravel()), np.sort(end(document))), where  # to the last bit
        assert printed.startswith(str(output)), where
        if case.address["at"]:
            assert printed.splitlines()[-1] == document["steps"][0]["equation"], where
        if number % (COUNT // IN_A_SHELL) == 0:
            as_a_process = in_a_shell(text["command"].replace("conv ", "conv --json ", 1), at_work)
            assert json.loads(as_a_process) == document, where


@pytest.mark.filterwarnings(QUIET)
def test_the_sample_photo_is_what_the_command_takes_without_a_picture(
    at_work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = {**PLAIN, "picture": "sample:photo", "kernel": "gaussian:2", "at": "1,100,200"}
    (text,) = copied(at_work, [("convolutionTexts", (address, ""))])
    assert text["command"] == "convscope conv --kernel gaussian:2 --at 1,100,200"
    document = said(text["command"], capsys)
    left, printed = in_python(text["python"])
    assert document["output"]["shape"] == list(left["output"].shape)
    assert document["output"]["least"] == left["output"].min()
    equation = document["steps"][0]["equation"]
    assert printed.splitlines()[-1] == equation
    assert float(equation.rpartition("= ")[2]) == pytest.approx(left["output"][1, 100, 200], rel=1e-3)


NETWORK = {"model": "starter", "picture": "png:x", "layer": "", "cell": "", "path": "", "shift": "0,0"}
NAME = "it's drawing 1.png"


@pytest.mark.filterwarnings(QUIET)
@pytest.mark.parametrize("model", ["starter", "untrained:simple-cnn-4-8"])
def test_the_network_screen(model: str, at_work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (28, 28)).astype(np.uint8)
    Image.fromarray(pixels).save(NAME)
    of = {**NETWORK, "model": model}
    asked = [
        (of, None),
        (of, NAME, 10),
        ({**of, "layer": "conv1"}, NAME),
        ({**of, "layer": "conv1", "cell": "conv1:3:5:7", "path": "conv2:0:1:1"}, NAME),
    ]
    alone, prediction, layer, cell = copied(at_work, [("networkTexts", each) for each in asked])
    bundle = Bundle.load(model)
    module = bundle.to_module()
    with torch.no_grad():
        inputs = torch.tensor(bundle.preprocessing.batch(bundle.preprocessing.one(pixels)[None]))
        expected = module(inputs).softmax(1)[0].numpy()
        maps = module.get_submodule("conv1")(inputs)[0].numpy()

    parameters = sum(weights.numel() for weights in module.parameters())
    assert said(alone["command"], capsys)["totals"]["parameters"] == parameters
    assert f"{parameters:,}" in in_python(alone["python"])[1]

    (one,) = said(prediction["command"], capsys)
    found = {each["class"]: each["probability"] for each in one["top"]}
    np.testing.assert_allclose([found[label] for label in bundle.classes], expected, atol=1e-6)
    printed = dict(line.split() for line in in_python(prediction["python"])[1].splitlines())
    assert {label: float(number) for label, number in printed.items()} == found

    assert said(layer["command"], capsys)["files"] == ["maps.npz"]
    np.testing.assert_allclose(np.load("maps.npz")["conv1"], maps, atol=1e-5)
    left, printed_maps = in_python(layer["python"])
    np.testing.assert_array_equal(left["maps"].layers[0].values, np.load("maps.npz")["conv1"])
    assert printed_maps.strip() == str(np.load("maps.npz")["conv1"])

    why = said(cell["command"], capsys)
    assert why["value"] == pytest.approx(float(maps[3, 5, 7]), abs=1e-5)
    last = in_python(cell["python"])[1].splitlines()[-1]
    assert float(last) == why["value"]

    process = json.loads(in_a_shell(cell["command"].replace("explain ", "explain --json ", 1), at_work))
    assert process == why
