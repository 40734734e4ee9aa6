"""`convscope predict`: its table, files and marks, warnings of unlike pictures, and what the network saw."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from convscope import Bundle, Prediction, look, nets
from convscope.cli.predict_table import tables
from convscope.columns import printable
from convscope.data import ArrayPreprocessing, load, open_source
from convscope.errors import UsageError
from convscope.graph.weights import initial_weights
from convscope.prediction.results.csv_file import write_csv
from convscope.prediction.results.json_file import pieces
from convscope.prediction.results.tally import Tally
from convscope.prediction.results.writing import Listener, predict_to

from ..conftest import Command


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """A network that was never trained, with what is known of the digits; and files to try it on."""
    source = open_source("digits")
    dataset = load(source, source.default_preprocessing())
    assert dataset.usual is not None
    assert dataset.test is not None
    graph = nets.graph("resnet-8", (1, 8, 8), 10)
    bundle = Bundle(
        "resnet-8", dataset.classes, dataset.preprocessing, graph, initial_weights(graph),
        info={"usual": dataset.usual.to_dict()},
    )  # fmt: skip
    bundle.save(tmp_path / "net.safetensors")
    (tmp_path / "inverted").mkdir()
    for number, digit in enumerate(dataset.test.images[:5, :, :, 0]):
        Image.fromarray(digit).save(tmp_path / f"{number}.png")
        Image.fromarray(255 - digit).save(tmp_path / "inverted" / f"{number}.png")
    Image.new("RGB", (64, 48), "white").save(tmp_path / "white.png")
    (tmp_path / "text.png").write_text("no picture")
    return bundle


def test_a_warning_of_each_kind_is_printed_once(convscope: Command, bundle: Bundle) -> None:
    result = convscope("predict", "net.safetensors", "0.png", "inverted", "white.png")
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 8
    first, second = result.stderr.splitlines()
    assert first == (
        "warning: 5 of 7 pictures, the first inverted/0.png: its ground is lighter "
        "than its figure (255 and 27 of 255), in training darker; --invert turns it round."
    )
    assert second == (
        "warning: white.png: it is of one colour (255 of 255), with nothing in it to see; transparent "
        "pixels count as white: if its ground is transparent, lay it over black."
    )
    assert convscope("predict", "net.safetensors", "0.png", "1.png").stderr == ""


def test_invert_turns_the_polarity_round(convscope: Command, bundle: Bundle) -> None:
    turned = convscope("predict", "net.safetensors", "inverted/0.png", "inverted/1.png", "--invert", "--json")
    plain = convscope("predict", "net.safetensors", "0.png", "1.png", "--json")
    assert (turned.returncode, turned.stderr, plain.stderr) == (0, "", "")
    for one, other in zip(json.loads(turned.stdout), json.loads(plain.stdout), strict=True):
        assert one["top"] == other["top"]
    wrongly = convscope("predict", "net.safetensors", "0.png", "--invert")
    assert wrongly.stderr.rstrip().endswith("leave out --invert.")


def test_json_has_the_warnings_of_each_picture(convscope: Command, bundle: Bundle, tmp_path: Path) -> None:
    result = convscope("predict", "net.safetensors", "0.png", "inverted/0.png", "text.png", "--json")
    assert result.returncode == 1
    fine, inverted, text = json.loads(result.stdout)
    assert fine["warnings"] == []
    assert [warning["kind"] for warning in inverted["warnings"]] == ["inverted"]
    assert inverted["warnings"][0]["message"].startswith("its ground is lighter")
    assert set(text) == {"path", "error"}
    (prediction,) = bundle.predict(tmp_path / "inverted" / "0.png")
    assert [warning.to_dict() for warning in prediction.warnings] == inverted["warnings"]
    assert str(prediction.warnings[0]) == inverted["warnings"][0]["message"]


def test_seen_draws_what_can_be_read(convscope: Command, bundle: Bundle, tmp_path: Path) -> None:
    result = convscope("predict", "net.safetensors", "inverted", "text.png", "--seen", "seen.png")
    assert result.returncode == 1  # of the text
    with Image.open(tmp_path / "seen.png") as drawing:
        assert drawing.height > 5 * 280
    one = convscope("predict", "net.safetensors", "0.png", "--seen", "one.png")
    assert (one.returncode, one.stdout.splitlines()[-1]) == (0, "Seen    one.png")
    with Image.open(tmp_path / "one.png") as drawing:
        assert drawing.height < 500


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["0.png", "--seen", "seen.jpg"], 2, "--seen seen.jpg should end in .png."),
        (["0.png", "--seen", "away/seen.png"], 1, "--seen away/seen.png: there is no folder away."),
        (["0.png", "--seen", "./0.png"], 2, "--seen 0.png is the file of the picture 0.png too"),
        (["inverted", "--seen", "inverted/1.png"], 2, "is the file of the picture inverted/1.png too"),
    ],
)
def test_what_seen_refuses(
    convscope: Command, bundle: Bundle, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    result = convscope("predict", "net.safetensors", *words)
    assert (result.returncode, result.stdout) == (code, "")
    assert message in result.stderr
    assert not list(tmp_path.glob("seen.*"))
    with Image.open(tmp_path / "0.png") as unchanged:
        assert unchanged.size == (8, 8)


def test_of_many_pictures_the_first_are_drawn(convscope: Command, bundle: Bundle, tmp_path: Path) -> None:
    many = convscope("predict", "net.safetensors", *["0.png"] * 30, "--seen", "many.png")
    assert (many.returncode, many.stderr) == (0, "")
    *table, last = many.stdout.splitlines()
    assert (len(table), last) == (31, "Seen    many.png (the first 24 of 30 pictures)")
    convscope("predict", "net.safetensors", *["0.png"] * 24, "--seen", "all.png")
    assert (tmp_path / "many.png").read_bytes() == (tmp_path / "all.png").read_bytes()
    json_too = convscope("predict", "net.safetensors", *["0.png"] * 30, "--seen", "many.png", "--json")
    assert len(json.loads(json_too.stdout)) == 30
    assert json_too.stderr == "note: many.png shows the first 24 of 30 pictures.\n"


def test_a_colour_photo_for_a_grey_network(bundle: Bundle) -> None:
    assert bundle.preprocessing.input_shape[0] == 1
    leaf = np.zeros((40, 40, 3), np.uint8)
    leaf[10:30, 12:28] = (60, 200, 40)
    grey = leaf[..., :1].repeat(3, axis=2)
    told = [[one.kind for one in p.warnings] for p in bundle.predict([leaf, Image.fromarray(leaf), grey])]
    assert ["colour" in kinds for kinds in told] == [True, True, False]
    seen = look.seen(bundle, leaf)
    assert "it is in colour, the training pictures are grey." in [str(one) for one in seen.warnings]


def test_several_grey_pictures_without_channels_are_told_their_shape(bundle: Bundle) -> None:
    (prediction,) = bundle.predict(np.zeros((100, 28, 28), np.uint8))
    assert prediction.error is not None
    assert "not uint8 (100, 28, 28); several pictures are (N, H, W, 1)" in prediction.error
    assert len(bundle.predict(np.zeros((100, 28, 28, 1), np.uint8))) == 100


def test_signals_have_no_polarity_and_no_drawing(convscope: Command, tmp_path: Path) -> None:
    graph = nets.graph("simple-cnn-1d", (1, 64), 2)
    preprocessing = ArrayPreprocessing(shape=(1, 64))
    Bundle("net", ("a", "b"), preprocessing, graph, initial_weights(graph)).save(tmp_path / "net.safetensors")
    np.save(tmp_path / "signal.npy", np.arange(64.0))
    for words, message in (
        (["--invert"], "the network takes signals, which have no polarity."),
        (["--seen", "seen.png"], "--seen draws pictures, and the network takes signals."),
    ):
        result = convscope("predict", "net.safetensors", "signal.npy", *words)
        assert (result.returncode, result.stdout) == (2, "")
        assert message in result.stderr


def test_bundles_from_before_say_what_a_picture_shows_itself(bundle: Bundle) -> None:
    before = Bundle.from_bytes(
        Bundle(
            bundle.net, bundle.classes, bundle.preprocessing, bundle.graph, bundle.weights
        ).to_bytes()
    )  # fmt: skip
    assert before.usual is None
    page, white = np.full((8, 8), 255, np.uint8), np.full((8, 8), 255, np.uint8)
    page[2:6, 3] = 0
    assert [[one.kind for one in p.warnings] for p in before.predict([page, white])] == [[], ["blank"]]


def test_damaged_ranges_are_a_damaged_bundle(bundle: Bundle) -> None:
    from convscope.errors import ConvscopeError

    bad = Bundle(
        bundle.net, bundle.classes, bundle.preprocessing, bundle.graph, bundle.weights, info={"usual": [1]}
    )
    with pytest.raises(ConvscopeError, match="is not a convscope bundle, or is damaged"):
        Bundle.from_bytes(bad.to_bytes())


def test_pictures_of_all_kinds_are_read_alike(bundle: Bundle) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30)).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    three = bundle.predict([pixels, Image.fromarray(pixels), content.getvalue()])
    assert three[0] == three[1] == three[2]


@pytest.mark.parametrize(
    "words", [["explain", "--why", "conv1:0:3:3", "--json"], ["look", "--layer", "conv1", "--json"]]
)
def test_who_looks_inside_is_warned_and_may_invert_too(
    convscope: Command, bundle: Bundle, words: list[str]
) -> None:
    def looked(*more: str) -> tuple[str, list[str]]:
        result = convscope(words[0], "net.safetensors", *more, *words[1:])
        assert result.returncode == 0
        document = result.stdout.replace("inverted/0", "0").replace("net 0.png", "")
        return document, result.stderr.splitlines()

    plain, quiet = looked("0.png")
    assert quiet == []
    _, warnings = looked("inverted/0.png")
    assert len(warnings) == 1
    assert "--invert turns it round" in warnings[0]
    turned, quiet = looked("inverted/0.png", "--invert")
    assert quiet == []
    assert _numbers(json.loads(turned)) == _numbers(json.loads(plain))


def _numbers(document: object) -> object:
    """What was computed, without the paths and the pixels as they were in the file."""
    if isinstance(document, dict):
        return {
            key: _numbers(value)
            for key, value in document.items()
            if key not in ("picture", "files", "steps", "sentences")
        }
    return [_numbers(one) for one in document] if isinstance(document, list) else document


def test_what_cannot_be_read_has_a_row_too(convscope: Command, bundle: Bundle) -> None:
    result = convscope("predict", "net.safetensors", "0.png", "text.png", "missing.png", "1.png")
    assert result.returncode == 1
    head, first, text, missing, last = result.stdout.splitlines()
    assert head.split() == ["picture", "class", "probability", "then"]
    assert (first.split()[0], last.split()[0]) == ("0.png", "1.png")
    assert text == "text.png     error: is text, not a picture"
    assert missing == "missing.png  error: there is no picture"
    assert result.stderr.splitlines() == [
        "error: text.png is text, not a picture.", "error: there is no picture missing.png."
    ]  # fmt: skip


def test_unsure_ones_are_marked(convscope: Command, bundle: Bundle, tmp_path: Path) -> None:
    shares = [one.probability for one in bundle.predict([tmp_path / f"{k}.png" for k in range(3)])]
    words = ("predict", "net.safetensors", "0.png", "1.png", "2.png", "text.png")
    threshold = f"{sorted(shares)[1]!r}"
    head, *rows, _ = convscope(*words, "--unsure", threshold).stdout.splitlines()
    assert head.split() == ["picture", "class", "probability", "unsure", "then"]
    marked = [share < float(threshold) for share in shares]
    assert sum(marked) == 1
    assert ["unsure" in row for row in rows] == marked
    records = json.loads(convscope(*words, "--unsure", threshold, "--json").stdout)
    assert [record.get("unsure") for record in records] == [*marked, None]


def test_a_file_and_what_is_said_of_it(convscope: Command, bundle: Bundle, tmp_path: Path) -> None:
    words = ("predict", "net.safetensors", "inverted", "0.png", *["text.png"] * 12, "--out", "out.csv")
    result = convscope(*words, "--unsure", "1")
    assert result.returncode == 1
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = bundle.predict([tmp_path / "inverted", tmp_path / "0.png"])
    assert [(row["class"], float(row["probability"])) for row in rows[:6]] == [p.top[0] for p in expected]
    assert {row["warnings"] for row in rows[:5]} == {"inverted"}
    head, *table, count, where = result.stdout.splitlines()
    assert head.split() == ["class", "pictures"]
    assert {line.split()[0]: int(line.split()[1]) for line in table} == Counter(p.label for p in expected)
    assert count == "18 pictures, of which 6 unsure (below 100 %) and 12 could not be read."
    assert where == "Written out.csv"
    warning, *errors, more = result.stderr.splitlines()
    assert warning.startswith("warning: 5 of 18 pictures, the first inverted/0.png: its ground is lighter")
    assert errors == ["error: text.png is text, not a picture."] * 10
    assert more == "error: 2 more could not be read; out.csv says of each why."
    told = json.loads(convscope(*words, "--json").stdout)
    assert told["classes"] == Counter(p.label for p in expected)
    assert {key: told[key] for key in ("count", "unsure", "unreadable", "resumed", "out")} == {
        "count": 18, "unsure": 0, "unreadable": 12, "resumed": 0, "out": "out.csv"
    }  # fmt: skip


def test_csv_on_the_output_is_that_of_the_file(convscope: Command, bundle: Bundle, tmp_path: Path) -> None:
    words = ("predict", "net.safetensors", "0.png", "text.png", "inverted", "--unsure", "0.3", "--top", "2")
    printed = convscope(*words, "--out", "-")
    assert printed.returncode == 1
    convscope(*words, "--out", "out.csv")
    assert printed.stdout == (tmp_path / "out.csv").read_text()
    assert not (tmp_path / "-").exists()


def test_at_a_terminal_it_says_that_it_waits_for_paths(bundle: Bundle, tmp_path: Path) -> None:
    from ..terminal import Screen, in_terminal

    typed: list[bytes] = []

    def keys(screen: Screen) -> bytes:
        if typed or screen.row == 0:  # the note is not whole yet
            return b""
        typed.append(b"0.png\n1.png\n\x04")
        return typed[0]

    code, screen = in_terminal(["predict", "net.safetensors", "-"], tmp_path, typed=keys)
    assert code == 0
    assert screen.text[0] == "note: - waits for paths, one a line; Ctrl-D ends them."
    assert [line.split()[0] for line in screen.text[-3:]] == ["picture", "0.png", "1.png"]
    piped = subprocess.run(
        [sys.executable, "-m", "convscope", "predict", "net.safetensors", "-"],
        cwd=tmp_path, input="0.png\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert piped.stderr == ""


def test_the_first_24_are_drawn_beside_a_file(convscope: Command, bundle: Bundle, tmp_path: Path) -> None:
    many = ["0.png", "text.png", *["1.png"] * 24]
    result = convscope("predict", "net.safetensors", *many, "--out", "out.json", "--seen", "seen.png")
    assert result.stdout.splitlines()[-1] == "Seen    seen.png (the first 24 of 25 pictures)"
    convscope("predict", "net.safetensors", "0.png", *["1.png"] * 23, "--seen", "same.png")
    assert (tmp_path / "seen.png").read_bytes() == (tmp_path / "same.png").read_bytes()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--resume"], 2, "--resume goes on with a file: name the --out that was stopped."),
        (["--resume", "--out", "-"], 2, "--resume goes on with a file: name the --out that was stopped."),
        (["--out", "-", "--json"], 2, "--out - prints CSV and --json prints JSON; leave one of them out."),
        (["--unsure", "80"], 2, "unsure 80 should be a probability above 0 and at most 1, such as 0.8"),
        (["--out", "out.xlsx"], 2, "out.xlsx should end in .csv, .json, .jsonl, .parquet."),
        (["--out", "away/out.csv"], 1, "away/out.csv: there is no folder away."),
        (["--out", "net.json"], 2, "net.json is the model; give it a name of its own."),
        (["--out", "0.csv"], 2, "0.csv is one of the inputs; give it a name of its own."),
        (["--out", "x.csv"], 1, "x.csv.part is no journal of this convscope's predictions; move it"),
    ],
)
def test_what_is_refused_before_anything_is_read(
    convscope: Command, bundle: Bundle, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    bundle.save(tmp_path / "net.json")
    (tmp_path / "0.csv").write_text("0.png\n")
    (tmp_path / "x.csv.part").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    result = convscope("predict", "net.json", "0.csv", *words)
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith(f"error: {message}")
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


@pytest.mark.parametrize(
    ("words", "piped", "said"),
    [
        (["drvv"], "", "there is no picture drvv."),
        (
            ["0.png", "drvv", "text.png", "gone.png"],
            "",
            "there is no picture drvv. there is no picture gone.png.",
        ),
        (["empty", "inverted"], "", "empty has no pictures in it."),
        (["drv*"], "", "there is no picture drv*, and nothing matches it as a pattern."),
        (["emp*"], "", "empty has no pictures in it."),
        (["broken"], "", "there is no picture broken."),
        (["-"], "", "standard input is empty"),
        (["0.png", "-"], "\n\n", "standard input has no paths in it"),
    ],
)
@pytest.mark.parametrize("resume", [False, True])
def test_what_is_not_there_replaces_no_file(
    bundle: Bundle, tmp_path: Path, words: list[str], piped: str, said: str, resume: bool
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").symlink_to("away")
    (tmp_path / "out.csv").write_text("finished")
    if resume:
        with pytest.raises(KeyboardInterrupt):
            predict_to(bundle, [tmp_path / "0.png"] * 3, tmp_path / "out.csv", listener=Impatient())
        kept = (tmp_path / "out.csv.part").read_bytes()
    result = subprocess.run(
        [sys.executable, "-m", "convscope", "predict", "net.safetensors", *words, "--out", "out.csv"]
        + ["--resume"] * resume,
        cwd=tmp_path, input=piped, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (1, "")
    *_, error = result.stderr.splitlines()
    assert error.startswith("error: " + said)
    assert (tmp_path / "out.csv").read_text() == "finished"
    if resume:
        assert kept in (tmp_path / "out.csv.part").read_bytes()
    else:
        assert not (tmp_path / "out.csv.part").exists()


class Impatient(Listener):
    def finishing(self, file: Path) -> None:
        raise KeyboardInterrupt


@pytest.mark.parametrize("words", [("", "0.png"), ("net.safetensors", "0.png", ""), ("net.safetensors", "")])
@pytest.mark.parametrize("more", [[], ["--out", "out.csv"], ["--out", ""], ["--seen", ""]])
def test_an_empty_path_is_not_the_current_folder(
    in_this_process: Command, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...], more: list[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    result = in_this_process("predict", *words, *more)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: a path is empty, as where a variable is not set")
    with pytest.raises(UsageError, match="the path of the pictures is empty"):
        bundle.predict("")


def test_listed_paths_that_are_missing_have_rows(convscope: Command, bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path\n0.png\ngone.png\n")
    result = convscope("predict", "net.safetensors", "list.csv", "--out", "out.csv")
    assert result.returncode == 1
    with (tmp_path / "out.csv").open(newline="") as file:
        assert ["no picture gone.png" in row["error"] for row in csv.DictReader(file)] == [False, True]


def test_a_reader_that_has_enough(bundle: Bundle, tmp_path: Path) -> None:
    many = " ".join(["0.png"] * 3000)
    for how in ("", "--json", "--out -"):
        command = f"{sys.executable} -m convscope predict net.safetensors {many} {how} | head -3"
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
        )
        assert len(done.stdout.splitlines()) == 3
        assert done.stderr == ""


def endless(seen: list[int]) -> Iterator[Prediction]:
    for number in count():
        seen.append(number)
        yield Prediction(f"{number}.png", (("cat", 0.75), ("dog", 0.25)))


def test_rows_and_records_come_as_they_are_predicted() -> None:
    seen: list[int] = []
    first = next(tables(endless(seen), "picture", marks=False))
    assert len(first.splitlines()) - 1 == len(seen) == 256
    seen = []
    text = pieces(one.to_dict() for one in endless(seen))
    assert json.loads(next(text) + "]")[0]["path"] == "0.png"
    assert len(seen) == 1


def test_memory_does_not_grow_with_the_pictures() -> None:
    def peak(number: int) -> int:
        tally = Tally()
        tracemalloc.start()
        write_csv(tally.counting(islice(endless([]), number)), Sink(), 2)
        for piece in tables(islice(endless([]), number), "picture", marks=False):
            assert piece
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert tally.count == number
        return most

    class Sink(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, content: Any) -> int:
            return len(content)

    numbers = 3000, 30_000
    ints = sys.getsizeof(numbers[1]) + 16  # what `endless` itself keeps
    assert peak(numbers[1]) < peak(numbers[0]) + (numbers[1] - numbers[0]) * ints + 100_000


paths = st.none() | st.text(max_size=90)
anything = st.builds(
    Prediction, paths, st.lists(st.tuples(st.text(max_size=30), st.floats(0, 1)), min_size=1).map(tuple)
) | st.builds(Prediction, paths, error=st.text(max_size=90))


@given(st.lists(anything, min_size=1, max_size=5), st.booleans(), st.integers(20, 200))
def test_a_table_fits_the_terminal(some: list[Prediction], marks: bool, width: int) -> None:
    (text,) = tables([one.marked(0.5) for one in some], "picture", marks=marks, width=width)
    lines = text.split("\n")
    assert len(lines) == len(some) + 1
    assert max(map(len, lines)) <= width
    (whole,) = tables(some, "picture", marks=False)
    for one, line in zip(some, whole.split("\n")[1:], strict=True):
        assert line.startswith(printable(str(one.path)).rstrip())
