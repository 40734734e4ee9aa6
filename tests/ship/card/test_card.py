"""A model card: its figures are those of the run, counted anew, and it says no more than is known."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import statistics
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_fscore_support

import convscope
from convscope import Bundle, nets
from convscope.bundle import STARTER, checksum
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.errors import ConvscopeError
from convscope.graph.weights import initial_weights
from convscope.look import Curve, Robustness, Suspects
from convscope.ship.card import card
from convscope.ship.quantization import Cost, Quantized

SECTIONS = [
    "Use it",
    "What it takes",
    "Data",
    "Training",
    "Results",
    "Robustness",
    "Suspects in the data",
    "Limits",
    "Made with",
]


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs on the digits that differ in their seed."""
    out = tmp_path_factory.mktemp("runs") / "three"
    convscope.train_seeds("digits", seeds=3, net="simple-cnn-4-8", epochs=2, out=out, size=14, quiet=True)
    return out


@pytest.fixture
def run(series: Path, tmp_path: Path) -> Path:
    """The first of them alone, in a folder that a test may change."""
    folder = tmp_path / "run"
    folder.mkdir()
    for file in (series / "seed-0").iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    return folder


def sections(document: str) -> dict[str, str]:
    parts = re.split(r"^## (.*)$", document, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(section: str) -> list[list[str]]:
    """The cells of all tables in a section, without their rules."""
    lines = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| --")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def said(run: Path) -> tuple[list[str], list[str], np.ndarray]:
    with (run / "predictions.csv").open(newline="") as file:
        records = list(csv.DictReader(file))
    shares = np.array([float(record["probability"]) for record in records])
    return [record["class"] for record in records], [record["predicted"] for record in records], shares


def test_the_figures_are_those_of_the_run(series: Path) -> None:
    run = series / "seed-0"
    truths, guesses, shares = said(run)
    right = np.array(truths) == np.array(guesses)
    document = card(run)
    assert list(sections(document)) == SECTIONS
    results = sections(document)["Results"]
    table = {row[0]: row[1:] for row in rows(results)}
    low, high = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
    assert table["test accuracy"] == [
        f"{right.mean():.2%}".replace("%", " %"),
        f"{right.sum()} of {len(right)} right; 95 % interval {100 * low:.1f} to {100 * high:.1f} %",
    ]
    loss = json.loads((run / "result.json").read_text())["test"]["loss"]
    assert table["test loss"][0] == f"{loss:.4f}"
    within = [(shares > i / 15) & (shares <= (i + 1) / 15) for i in range(15)]  # Guo et al. 2017
    gaps = [abs(right[some].mean() - shares[some].mean()) * some.mean() for some in within if some.any()]
    assert table["calibration error"][0] == f"{100 * sum(gaps):.2f} %"
    names = sorted(set(truths))
    expected = precision_recall_fscore_support(truths, guesses, labels=names, zero_division=0.0)
    for name, precision, recall, f1, support in zip(names, *expected, strict=True):
        shown = [f"{100 * share:.1f} %" for share in (precision, recall, f1)]
        assert table[name][:4] == [*shown, str(support)]
    weakest = names[int(np.argmin(expected[1]))]
    assert f"Weakest: {weakest}, {100 * expected[1].min():.1f} %" in results


def test_the_spread_is_that_of_the_series(series: Path) -> None:
    results = [json.loads((series / f"seed-{i}" / "result.json").read_text())["test"] for i in range(3)]
    accuracies = [100 * result["accuracy"] for result in results]
    table = {row[0]: row[1:] for row in rows(sections(card(series / "seed-1"))["Results"])}
    mean, std = statistics.fmean(accuracies), statistics.stdev(accuracies)
    assert table["accuracy"][0] == f"{mean:.2f} % ± {std:.2f} %"
    assert table["accuracy"][2] == f"{min(accuracies):.2f} to {max(accuracies):.2f} %"
    losses = [result["loss"] for result in results]
    assert table["loss"][0] == f"{statistics.fmean(losses):.4f} ± {statistics.stdev(losses):.4f}"


def test_a_run_alone_names_the_commands_that_measure(run: Path) -> None:
    found = sections(card(run))
    assert f"`convscope train --recipe {run}/recipe.toml --seeds 30` measures it" in found["Results"]
    assert f"`convscope attack {run}` measures it" in found["Robustness"]
    assert f"`convscope data suspects --run {run}` measures it" in found["Suspects in the data"]
    assert "how much the seed changes was not measured" in found["Limits"]
    assert "noise, moves and attacks was not measured" in found["Limits"]


def test_the_data_are_counted(series: Path) -> None:
    found = sections(card(series / "seed-0"))["Data"]
    dataset = convscope.data.open_source("digits")
    parts = {row[0]: row[1] for row in rows(found.split("<details>")[0])}
    assert sum(int(parts[part].replace(",", "")) for part in ("train", "validation", "test")) == 1797
    truths, _, _ = said(series / "seed-0")
    assert parts["test"] == str(len(truths))
    assert Bundle.load(series / "seed-0").info["data"]["checksum"] in found
    each = {row[0]: row[1:] for row in rows(found.split("<details>")[1])}
    for name in dataset.classes:
        assert int(each[name][-1]) == truths.count(name)


def test_robustness_is_told_where_it_is_of_this_network(run: Path) -> None:
    bundle = Bundle.load(run)
    curve = Curve("noise", "1/255", (0.0, 16.0), (90, 73), "deviation of Gaussian noise")
    measured = Robustness(
        "test", 100, 90, (curve,), data=bundle.info["data"]["checksum"], network=checksum({}, bundle.weights)
    )
    (run / "robustness.json").write_text(json.dumps(measured.to_dict()))
    found = sections(card(run))
    [_, row] = rows(found["Robustness"])
    assert row == ["noise", "1/255, deviation of Gaussian noise", "0: 90.0 %, 16: 73.0 %"]
    assert "noise, moves and attacks" not in found["Limits"]
    (run / "robustness.json").write_text(json.dumps(replace(measured, network="another").to_dict()))
    told = sections(card(run))["Robustness"]
    assert "not measured" in told
    assert "is of another network" in told
    (run / "robustness.json").write_text("{")
    with pytest.raises(ConvscopeError, match=r"robustness\.json cannot be read"):
        card(run)


def test_suspects_are_told_where_they_are_of_this_data(run: Path) -> None:
    data = Bundle.load(run).info["data"]
    method = {"found": {"label": 12, "outlier": 3}, "folds": 5, "agreement": 0.84, "trust": "doubtful"}
    found = Suspects("digits", data["checksum"], 1797, (), method)
    (run / "suspects.json").write_text(json.dumps(found.to_dict()))
    told = sections(card(run))["Suspects in the data"]
    assert "Of 1,797 pictures: 12 labels that are probably wrong, 3 pictures like no other." in told
    assert "84.0 % of all labels. That is too little" in told
    (run / "suspects.json").write_text(json.dumps({**found.to_dict(), "checksum": "another"}))
    assert "is of other data" in sections(card(run))["Suspects in the data"]


def test_a_bundle_without_its_run_says_what_is_not_known(run: Path, tmp_path: Path) -> None:
    bundle = Bundle.load(run)
    file = tmp_path / "net.safetensors"
    bundle.save(file)
    for model in (file, bundle):
        found = sections(card(model))
        assert "Calibration: not known of a bundle without its run" in found["Results"]
        assert f"{100 * bundle.info['metrics']['test']['accuracy']:.2f} %" in found["Results"]
        assert "not known of a bundle without its run" in found["Robustness"]
    assert "net.safetensors" in sections(card(file))["Use it"]


def test_a_run_or_file_called_starter_does_not_come_with_convscope(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "It comes with convscope" in sections(card("starter"))["Use it"]
    Path("starter").mkdir()  # holds no bundle
    assert "It comes with convscope" in sections(card("starter"))["Use it"]
    Path("starter").rmdir()
    run.rename("starter")
    told = card("starter")
    assert "**simple-cnn-4-8**" in told
    assert "`convscope attack starter` measures it" in sections(told)["Robustness"]
    assert "It comes with convscope" not in told
    file = Path("starter/bundle.safetensors").read_bytes()
    shutil.rmtree("starter")
    Path("starter").write_bytes(file)
    told = card("starter")
    assert "**simple-cnn-4-8**" in told
    assert "It comes with convscope" not in told


def test_an_array_has_the_shape_that_a_person_gives() -> None:
    """Not that of the layers, which get each number twice along each axis."""
    graph = nets.graph("simple-cnn-4-8", (1, 28, 28), 3)
    preprocessing = ArrayPreprocessing(shape=(1, 14, 14), repeat=2)
    document = card(Bundle("mine", ("a", "b", "c"), preprocessing, graph, initial_weights(graph)))
    assert "puts arrays of 1×14×14 into" in document
    assert "One array is an array of 1×14×14 numbers" in document
    assert "- Compute each value repeated 2 times along each axis but the channels." in document


def test_the_sha256_is_that_of_the_file(run: Path) -> None:
    digest = hashlib.sha256((run / "bundle.safetensors").read_bytes()).hexdigest()
    assert f"sha256 `{digest}`" in sections(card(run))["Use it"]
    assert (
        f"sha256 `{hashlib.sha256(STARTER.read_bytes()).hexdigest()}`" in sections(card("starter"))["Use it"]
    )


def test_a_bundle_that_knows_nothing_has_a_card() -> None:
    graph = nets.graph("simple-cnn-4-8", (1, 28, 28), 3)
    preprocessing = Preprocessing(height=28, width=28, channels=1)
    bundle = Bundle("mine", ("a", "b", "c"), preprocessing, graph, initial_weights(graph))
    document = card(bundle)
    found = sections(document)
    assert "model-index" not in document
    assert "eval bundle.safetensors --data DATA` measures its accuracy" in found["Results"]
    assert "does not say on which data" in found["Data"]
    assert "trained elsewhere" in found["Training"]
    assert "Its accuracy is not known." in found["Limits"]
    assert "cannot warn" in found["Limits"]


def test_a_network_of_signals_has_a_card() -> None:
    graph = nets.graph("simple-cnn-1d", (2, 64), 2)
    preprocessing = ArrayPreprocessing(shape=(2, 64), mean=(0.5, 1.0), std=(1.0, 2.0))
    found = sections(card(Bundle("ecg", ("sick", "well"), preprocessing, graph, initial_weights(graph))))
    assert "signal.npy" in found["Use it"]
    assert "One signal is an array of 2×64 numbers" in found["What it takes"]
    assert "- Compute (x - mean) / std with mean 0.5, 1 and std 1, 2 per channel." in found["What it takes"]
    assert "Attacks and changes are of pictures" in found["Robustness"]


def test_folders_of_a_machine_are_left_out(run: Path) -> None:
    bundle = Bundle.load(run)
    there = {"data": "/home/ada/secret/cats", "data_dir": "C:\\Users\\ada", "net": "/home/ada/my_net.py:Mine"}
    document = card(replace(bundle, info={**bundle.info, "recipe": {**bundle.info["recipe"], **there}}))
    assert "cats" in document
    assert "my_net.py:Mine" in document
    assert not {"/home", "secret", "Users"} & set(re.findall(r"/home|secret|Users", document))


def test_odd_names_leave_the_tables_whole(run: Path) -> None:
    bundle = Bundle.load(run)
    names = ("a|b", "*c*", "<b>", "new\nline", "`d`", "- e", "1. f", "[g](h)", "&amp;", "i\\|j")
    figures = bundle.info["metrics"]["test"]
    classes = [{**one, "class": name} for one, name in zip(figures["per_class"], names, strict=True)]
    info = {**bundle.info, "metrics": {"epoch": 1, "test": {**figures, "per_class": classes}}}
    document = card(replace(bundle, classes=names, net="a|net # <i>", info=info))
    markdown_it = pytest.importorskip("markdown_it")
    tokens = markdown_it.MarkdownIt("commonmark").enable("table").parse(document.split("---\n", 2)[2])
    html = [token.content for token in tokens if token.type == "html_block"]
    assert {line for part in html for line in re.findall("<.*?>", part)} == {
        "<details>", "</details>", "<summary>", "</summary>",
    }  # fmt: skip
    cells: dict[int, list[str]] = {}
    for token in tokens:
        if token.type == "inline" and token.map is not None:
            cells.setdefault(token.map[0], []).append("".join(child.content for child in token.children))
    spelled = [name.replace("\n", "\\n") for name in names]
    shown = [row[0] for row in cells.values() if len(row) == 6 and row[0] != "class"]
    assert shown == spelled


def test_the_front_matter_is_yaml(run: Path) -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML reads YAML")
    document = card(run)
    front: Mapping[str, Any] = yaml.safe_load(document.split("---\n")[1])
    result = json.loads((run / "result.json").read_text())["test"]
    [model] = front["model-index"]
    [found] = model["results"]
    assert model["name"] == "simple-cnn-4-8 on digits"
    assert found["dataset"] == {"name": "digits", "type": "digits", "split": "test"}
    assert found["metrics"][0] == {"type": "accuracy", "value": pytest.approx(result["accuracy"], abs=1e-6)}
    assert front["library_name"] == "convscope"
    assert front["tags"][0] == front["pipeline_tag"] == "image-classification"


def test_its_python_runs(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    monkeypatch.chdir(run)
    Image.new("L", (14, 14)).save("picture.png")
    [code] = re.findall(r"```python\n(.*?)```", card(run), flags=re.DOTALL)
    exec(compile(code, "card.md", "exec"), {})
    label, share = capsys.readouterr().out.split()
    assert label in Bundle.load(run).classes
    assert 0 < float(share) <= 1


def test_what_is_no_model_has_no_card(tmp_path: Path) -> None:
    with pytest.raises(ConvscopeError, match="there is no run or bundle"):
        card(tmp_path / "nothing")


def test_other_forms_are_told_with_their_proof(run: Path, tmp_path: Path) -> None:
    exported = convscope.export(run, tmp_path / "net.pt2")
    [_, row] = rows(sections(card(run, exported=[exported]))["Use it"])
    assert row[:2] == ["`net.pt2`", "torch"]
    assert exported.proof is not None
    assert row[3].endswith(f"no probability differs by more than {exported.proof.largest:.1e}")
    assert row[3].startswith(exported.proof.what)
    [_, row] = rows(sections(card(run, exported=[replace(exported, proof=None)]))["Use it"])
    assert row[3].startswith("not compared")


def test_int8_is_told_in_sentences(run: Path, tmp_path: Path) -> None:
    exported = convscope.export(run, tmp_path / "net.pt2")
    cost = Cost("validation", 144, 120, 121, 1, 2, 140, 0.001, 0.02)
    quantized = Quantized(b"x" * 2000, 8000, 512, cost, 0.0, 0.5, "picture")
    [_, row] = rows(sections(card(run, exported=[replace(exported, quantized=quantized)]))["Use it"])
    assert row[3] == (
        "Accuracy 83.33 % before, 84.03 % after, of 144 pictures (validation); right only before 1, "
        "only after 2. One picture alone is 0.69 points. The same class for 97.22 %; probabilities 0.001 "
        "from the bundle's in the mean, 0.02 at most (int8 rounds; 0.0001 holds for float32). 8.0 kB before, "
        "2.0 kB after; calibrated on 512 training pictures."
    )


def test_where_all_are_right_no_class_is_the_weakest(run: Path) -> None:
    bundle = Bundle.load(run)
    [(part, figures)] = ((k, v) for k, v in bundle.info["metrics"].items() if isinstance(v, Mapping))
    counts = [one["support"] for one in figures["per_class"]]
    perfect = [{**one, "precision": 1.0, "recall": 1.0, "f1": 1.0} for one in figures["per_class"]]
    record = {
        **figures, "accuracy": 1.0, "correct": sum(counts), "per_class": perfect,
        "confusion": np.diag(counts).tolist(),
    }  # fmt: skip
    found = sections(card(replace(bundle, info={**bundle.info, "metrics": {part: record}})))["Results"]
    assert "Weakest" not in found
    assert found.rstrip().endswith("All pictures are right.")


def test_the_starter_s_card_says_where_its_spread_is() -> None:
    found = sections(card("starter"))
    assert "docs/results.md" in found["Results"]
    results = (Path(__file__).parents[3] / "docs/results.md").read_text("utf-8")
    [row] = re.findall(r"^\| `convscope train --recipe starter --seeds 10` .*$", results, re.MULTILINE)
    assert row.endswith("| 10 |")
    assert "seed changes" not in found["Limits"]


def test_of_a_bundle_alone_the_spread_is_not_known(run: Path) -> None:
    assert "how much the seed changes is not known" in sections(card(Bundle.load(run)))["Limits"]
