"""Reports made again from what a run left, and pages of two runs."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope import report
from convscope.bundle import checksum
from convscope.errors import ConvscopeError, DataError, UsageError
from convscope.look import Curve, Robustness, Suspect, Suspects
from convscope.look.suspicion.suspect import Place
from convscope.report.two import ReportOfTwo
from convscope.runs.reopened import open_run
from convscope.training.reports import of_two as module
from convscope.training.reports.again import report_again
from convscope.training.reports.of_two import report_of_two

FAST = {"net": "simple-cnn-16-32", "epochs": 2, "quiet": True}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs on digits, a and b, of which b is better."""
    root = tmp_path_factory.mktemp("runs")
    convscope.train("digits", out=root / "a", lr=0.0005, **FAST)
    convscope.train("digits", out=root / "b", **FAST)
    return root


@pytest.fixture
def runs(trained: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(trained, tmp_path / "runs"))


LATER = ("patches", "attributions", "unmeasured")  # the sections of what a training leaves out


def sections(page: str) -> dict[str, str]:
    """The sections of a page by their names."""
    found = re.findall(r'<section [^>]*aria-labelledby="([^"]+)">.*?</section>', page, flags=re.DOTALL)
    texts = re.findall(r"<section .*?</section>", page, flags=re.DOTALL)
    return dict(zip(found, texts, strict=True))


def test_a_report_made_again_is_the_same_and_more(runs: Path) -> None:
    before = sections((runs / "a" / "report.html").read_text("utf-8"))
    figures = {file.name: file.read_bytes() for file in (runs / "a" / "figures").iterdir()}
    assert report_again(runs / "a") == runs / "a" / "report.html"
    after = sections((runs / "a" / "report.html").read_text("utf-8"))
    assert set(after) - set(before) == {"patches", "attributions"}
    for name, text in before.items():
        assert name in LATER or after[name] == text
    assert after["patches"].count("What excites channel") >= 16
    assert after["attributions"].count("<dt>deletion</dt>") == 4 * 4  # pictures, methods
    assert {file.name: file.read_bytes() for file in (runs / "a" / "figures").iterdir()} == figures


def test_a_run_is_opened_as_it_ended(trained: Path) -> None:
    run = open_run(trained / "a" / "bundle.safetensors")
    result = json.loads((trained / "a" / "result.json").read_text())
    assert run.path == trained / "a"
    assert run.evaluation.to_dict() == result["test"]
    assert [epoch.to_dict() for epoch in run.epochs] == result["epochs"]
    assert all(epoch.learning_rate is not None for epoch in run.epochs)
    assert run.recipe.lr == 0.0005


def test_what_was_measured_since_is_in_it(runs: Path) -> None:
    run = runs / "a"
    assert "convscope attack" in (run / "report.html").read_text("utf-8")
    measured = Robustness("test", 100, 90, (Curve("pgd", "1/255", (0.0, 16.0), (90, 7)),))
    name = (run / "predictions.csv").read_text().splitlines()[1].split(",")[0]
    place = Place("test", 0, name, "1")
    found = Suspects("digits", "", 1797, (Suspect("label", place, 0.75, suggested="8"),), {"folds": 5})
    (run / "robustness.json").write_text(json.dumps(measured.to_dict()))
    (run / "suspects.json").write_text(json.dumps(found.to_dict()))
    page = report_again(run).read_text("utf-8")
    assert "7.0\xa0%" in page
    assert "0.750" in page
    assert re.search(rf'<img class="picture" src="data:image/png;base64,[^"]+" alt="{name}">', page)
    assert "convscope attack" not in page


def test_what_was_measured_of_another_run_is_left_out(runs: Path) -> None:
    run, other = (convscope.Bundle.load(runs / name) for name in "ab")
    network, data = checksum({}, run.weights), run.info["data"]["checksum"]
    place = Place("test", 0, "somewhere.png", "1")
    curve = Curve("pgd", "1/255", (0.0, 16.0), (90, 7))

    def page(*, network: str, data: str) -> str:
        measured = Robustness("test", 100, 90, (curve,), data=data, network=network)
        found = Suspects("digits", data, 1797, (Suspect("label", place, 0.75, suggested="8"),), {})
        (runs / "a" / "robustness.json").write_text(json.dumps(measured.to_dict()))
        (runs / "a" / "suspects.json").write_text(json.dumps(found.to_dict()))
        return report_again(runs / "a").read_text("utf-8")

    own = page(network=network, data=data)
    assert "7.0\xa0%" in own
    assert "0.750" in own
    copied = page(network=checksum({}, other.weights), data=data)
    assert "7.0\xa0%" not in copied
    assert "The robustness.json in the run&#39;s folder is of another network, by its checksum." in copied
    assert f"convscope attack {runs / 'a'}" in copied
    assert "0.750" in copied
    changed = page(network=network, data="0" * 64)
    assert "7.0\xa0%" not in changed
    assert "0.750" not in changed
    for file in ("robustness.json", "suspects.json"):
        assert f"The {file} in the run&#39;s folder is of other data, by its checksum." in changed
    assert f"convscope data suspects --run {runs / 'a'}" in changed


def test_the_last_epoch_is_called_kept_and_not_best(tmp_path: Path) -> None:
    run = convscope.train("digits", keep="last", out=tmp_path / "last", **FAST).path
    page = (run / "report.html").read_text("utf-8")
    assert "kept: epoch 2" in page
    assert "best: epoch" not in page
    assert "(best)" not in page


@pytest.mark.parametrize("content", ["{", '{"split": "test"}', "[]"])
def test_a_damaged_measurement_is_named_and_the_report_kept(runs: Path, content: str) -> None:
    before = (runs / "a" / "report.html").read_bytes()
    (runs / "a" / "robustness.json").write_text(content)
    with pytest.raises(ConvscopeError, match=r"robustness\.json"):
        report_again(runs / "a")
    assert (runs / "a" / "report.html").read_bytes() == before


def test_it_goes_where_it_is_asked_to(runs: Path, tmp_path: Path) -> None:
    before = (runs / "a" / "report.html").read_bytes()
    assert report_again(runs / "a", out=tmp_path / "new" / "place") == tmp_path / "new/place/report.html"
    assert (runs / "a" / "report.html").read_bytes() == before


def test_without_its_data_the_old_report_stays(photos: Path, tmp_path: Path) -> None:
    run = convscope.train(photos, out=tmp_path / "run", **FAST).path
    before = (run / "report.html").read_bytes()
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(photos / "dark" / "new.png")
    assert "has changed since the training" in report_again(run, out=tmp_path / "changed").read_text("utf-8")
    shutil.rmtree(photos)
    with pytest.raises(ConvscopeError) as error:
        report_again(run)
    assert error.value.__notes__ == [f"The report of {run} is left as it is."]
    assert (run / "report.html").read_bytes() == before


def test_what_is_no_finished_run_is_refused(runs: Path) -> None:
    (runs / "a" / "result.json").unlink()
    with pytest.raises(ConvscopeError, match="is not finished"):
        report_again(runs / "a")
    (runs / "b" / "metrics.jsonl").write_text("{}\n")
    with pytest.raises(ConvscopeError, match=r"metrics\.jsonl"):
        report_again(runs / "b")
    with pytest.raises(ConvscopeError):
        report_again(runs / "c")


def predictions(run: Path) -> list[list[str]]:
    return [line.split(",") for line in (run / "predictions.csv").read_text().splitlines()[1:]]


def two(runs: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> tuple[ReportOfTwo, str]:
    """What the page of a and b is made of, and the page."""
    said: list[ReportOfTwo] = []

    def write(content: ReportOfTwo, file: Path) -> Path:
        said.append(content)
        return report.write_two(content, file)

    monkeypatch.setattr(module, "write_two", write)
    written = report_of_two(runs / "a", runs / "b", out=runs / "two.html", **settings)
    return said[0], written.path.read_text("utf-8")


def test_two_runs_stand_side_by_side(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, page = two(runs, monkeypatch)
    a, b = predictions(runs / "a"), predictions(runs / "b")
    only_b = [i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x[4] == "0" and y[4] == "1"]
    surest = sorted(only_b, key=lambda i: -float(a[i][3]))[:24]
    assert content.only_b is not None
    assert content.only_b.count == len(only_b) > 0
    assert [one.name for one in content.only_b.shown] == [a[i][0] for i in surest]
    shown = content.only_b.shown[0]
    assert (shown.truth, shown.a[0], shown.b[0]) == (a[surest[0]][1], a[surest[0]][2], b[surest[0]][2])
    from sklearn.datasets import load_digits

    digits = load_digits().images
    number = int(shown.name.rpartition("/")[2])
    record = np.asarray(shown.record, np.float64)[:, :, 0]
    assert np.corrcoef(record.ravel(), digits[number].ravel())[0, 1] > 0.999
    difference = content.b.evaluation.confusion - content.a.evaluation.confusion
    # the first is the corner
    cells = re.findall(r"<td(?: class=\"[^\"]*\" style=\"[^\"]*\")?>([+−\d]*)</td>", page)
    assert [int(cell.replace("−", "-") or 0) for cell in cells[1:]] == difference.ravel().tolist()
    assert "exact McNemar test" in page
    assert "<code>lr</code>" in page
    assert "script-src 'none'" in page


def test_classes_in_another_order_are_the_same_classes(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, _ = two(runs, monkeypatch)
    names = content.classes[::-1]
    turned = report.in_order_of(content.a.evaluation, names)
    assert [figures.name for figures in turned.per_class] == names
    np.testing.assert_array_equal(turned.confusion, content.a.evaluation.confusion[::-1, ::-1])


def test_without_the_data_names_stand_alone(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed, name in enumerate("ab"):
        convscope.train(photos, out=tmp_path / name, lr=0.001, seed=seed, test_fraction=0.5, **FAST)
    shutil.rmtree(photos)
    content, _ = two(tmp_path, monkeypatch)
    assert content.only_a is not None
    assert all(one.record is None for one in content.only_a.shown)
    assert content.notes
    assert content.notes[0].startswith("Pictures are not shown, their names are:")


def test_two_that_cannot_be_compared_are_refused(runs: Path, photos: Path, tmp_path: Path) -> None:
    convscope.train(photos, out=runs / "c", **FAST)
    with pytest.raises(DataError, match="same classes: only A knows 0, 1, 2, 3, 4 and 5 more"):
        report_of_two(runs / "a", runs / "c", out=tmp_path / "two.html")
    with pytest.raises(UsageError, match="the same run"):
        report_of_two(runs / "a", runs / "a", out=tmp_path / "two.html")
    convscope.train_seeds("digits", seeds=2, out=runs / "series", **FAST)
    with pytest.raises(UsageError, match="is a series of seeds"):
        report_of_two(runs / "a", runs / "series", out=tmp_path / "two.html")
    assert not (tmp_path / "two.html").exists()
