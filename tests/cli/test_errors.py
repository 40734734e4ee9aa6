"""Wrong input on the command line: one sentence that names it, and the right exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from convscope.training.prepare import (
    CONSTANT_RATES,
    FEWEST_EPOCHS,
    MOST_EPOCHS,
    PEAK_RATES,
    STEPS,
    WEIGHT_DECAYS,
)

from ..conftest import Command

TINY = ("--epochs", "1", "--net", "simple-cnn-16-32")


def failure(convscope: Command, *words: str, code: int, **environment: str) -> str:
    """The sentence a failing command prints: on standard error alone, without a traceback."""
    result = convscope(*words, **environment)
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: ")
    return " ".join(result.stderr.split())


def make_class(folder: Path, name: str, count: int) -> None:
    (folder / name).mkdir(parents=True)
    for number in range(count):
        Image.new("RGB", (20, 20), (number, 100, 100)).save(folder / name / f"{number}.png")


def test_missing_folder(convscope: Command) -> None:
    message = failure(convscope, "train", "no/such/folder", code=1)
    assert "no/such/folder" in message


def test_empty_class(convscope: Command, tmp_path: Path) -> None:
    make_class(tmp_path / "pets", "cat", 5)
    (tmp_path / "pets" / "dog").mkdir()
    message = failure(convscope, "train", "./pets", *TINY, code=1)
    assert "dog" in message
    assert "pets" in message


def test_one_class_only(convscope: Command, tmp_path: Path) -> None:
    make_class(tmp_path / "pets", "cat", 5)
    message = failure(convscope, "train", "./pets", *TINY, code=1)
    assert "cat" in message
    assert "class" in message


def test_text_named_png_is_skipped_and_named(convscope: Command, photos: Path) -> None:
    (photos / "dark" / "notes.png").write_text("these are my notes")
    result = convscope("train", "./photos", *TINY, "--size", "16")
    assert result.returncode == 0, result.stderr
    assert "notes.png" in result.stderr
    message = failure(convscope, "train", "./photos", *TINY, "--strict", code=1)
    assert "notes.png" in message


def test_truncated_download(convscope: Command, idx_folder: Path) -> None:
    file = idx_folder / "mnist" / "train-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:1000])
    message = failure(convscope, "train", "mnist", code=1, CONVSCOPE_DATA=str(idx_folder))
    assert str(file) in message


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("train", "--net", "convnet-bm"), "did you mean 'convnet-bn'?"),
        (("summary", "lenet5"), "did you mean 'lenet-5'?"),
        (("train", "minst"), "did you mean 'mnist'?"),
        (("train", "--recipe", "mnist-fas"), "did you mean 'mnist-fast'?"),
        (("train", "--epocs", "3"), "unknown option '--epocs': did you mean '--epochs'?"),
        (("train", "-x"), "unknown option '-x'. `convscope train -h` says more."),
        (("trian",), "unknown command 'trian': did you mean 'train'?"),
        (("predict",), "missing argument 'model'"),
        (("nets", "all"), "unexpected extra argument(s) (all)"),
        (("train", "--lr"), "option '--lr' requires an argument"),
        (("train", "--lr", "-1"), "--lr -1 should be more than 0."),
        (("train", "--shift", "2.5"), "--shift 2.5 should be a whole number."),
        (("train", "--seeds", "many"), "--seeds many should be a whole number."),
        (("train", "--channels", "2"), "--channels 2 should be 1 or 3."),
        (("predict", "a", "b", "--top", "0"), "--top 0 should be 1 or more."),
        (("train", "--optimizer", "adamx"), "--optimizer adamx should be 'sgd', 'adam' or 'adamw' (did you"),
        (("train", "--epochs", "0"), "--epochs 0"),
        (("train", "--engine", "lanes", "--device", "cuda"), "--device cuda needs --engine torch"),
        (("train", "--engine", "cuda"), "--engine cuda should be 'auto', 'lanes' or 'torch'."),
        (("train", "--shift", "2", "--crop", "2"), "give one of them"),
        (("train", "--shift", "8"), "--shift 8 is too much for pictures of 8×8"),
        (("train", "--validation", "1.5"), "--validation 1.5 should be less than 1."),
        (("train", "--size", "big"), "--size big"),
        (("summary", "convnet-bn", "--input", "28"), "1x28x28"),
    ],
)
def test_wrong_usage(convscope: Command, words: tuple[str, ...], expected: str) -> None:
    message = failure(convscope, *words, code=2)
    assert message.startswith("error: ")
    assert expected in message


def test_what_is_wrong_in_a_recipe_is_named_by_file_and_key(convscope: Command, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("epoch = 3\n")
    message = failure(convscope, "train", "--recipe", "my.toml", code=2)
    assert "my.toml" in message
    assert "did you mean 'epochs'?" in message
    (tmp_path / "my.toml").write_text("shift = 2\ncrop = 3\n")
    message = failure(convscope, "train", "--recipe", "my.toml", code=2)
    assert "in my.toml: shift = 2 and crop = 3 move" in message


def test_a_value_of_a_recipe_is_said_to_be_of_it(convscope: Command, tmp_path: Path) -> None:
    """Whatever finds it wrong when the run starts, in words of the command line."""
    (tmp_path / "my.toml").write_text("shift = 8\nlr = 0.1\n")
    message = failure(convscope, "train", "--recipe", "my.toml", code=2)
    assert message.endswith("The recipe my.toml has shift = 8.")
    message = failure(convscope, "train", "--recipe", "my.toml", "--shift", "9", code=2)
    assert message.endswith("--shift 9 is too much for pictures of 8×8.")
    message = failure(convscope, "train", "--recipe", "my.toml", "--crop", "2", code=2)
    assert message.endswith("give one of them. The recipe my.toml has shift = 8.")


@pytest.mark.parametrize("line", ["epochs = true", "lr = true", "seed = false", "channels = true"])
def test_true_is_no_number(convscope: Command, tmp_path: Path, line: str) -> None:
    (tmp_path / "my.toml").write_text(line)
    message = failure(convscope, "train", "--recipe", "my.toml", code=2)
    assert "should not be true or false" in message


def test_a_mistyped_recipe_file_has_a_suggestion(convscope: Command, tmp_path: Path) -> None:
    message = failure(convscope, "train", "--recipe", "minst-fast.toml", code=1)
    assert "there is no recipe minst-fast.toml: did you mean 'mnist-fast'?" in message
    (tmp_path / "mine.toml").write_text("epochs = 1")
    message = failure(convscope, "train", "--recipe", "mien.toml", code=1)
    assert "did you mean 'mine.toml'?" in message
    assert "did you mean" not in failure(convscope, "train", "--recipe", "xyz.toml", code=1)


def test_help_says_what_is_chosen_later(convscope: Command) -> None:
    shown = " ".join(re.sub("[│╭╮╰╯─]", " ", convscope("train", "--help").stdout).split())
    chosen: dict[str, list[float]] = {
        "epochs": [FEWEST_EPOCHS, MOST_EPOCHS, STEPS],
        "lr": [*PEAK_RATES.values(), *CONSTANT_RATES.values()],
        "weight-decay": [*WEIGHT_DECAYS.values()],
    }
    for name, values in chosen.items():
        (help_text,) = re.findall(rf"--{name} .*?\(chosen: (.*?)\)", shown)
        for value in values:
            word = f"{value:,}" if isinstance(value, int) else f"{value:g}"
            assert re.search(rf"\b{word}\b", help_text), (name, value)


def test_a_picture_before_the_model(convscope: Command, tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    swapped = failure(convscope, "predict", "a.png", "runs/latest", code=2)
    assert swapped.endswith("the model comes before the pictures: `convscope predict runs/latest a.png`.")
    assert convscope("train", *TINY, "--out", "runs/b c").returncode == 0
    for given in ("runs/latest", "latest"):
        swapped = failure(convscope, "predict", "a.png", given, "d.png", code=2)
        assert swapped.endswith("`convscope predict runs/latest a.png d.png`.")
    swapped = failure(convscope, "predict", "missing.png", "b c", code=2)
    assert swapped.endswith("`convscope predict 'runs/b c' missing.png`.")


def test_input_too_small_names_layer_and_size(convscope: Command) -> None:
    message = failure(convscope, "summary", "simple-cnn-4-8", "--input", "1x8x8", code=1)
    assert "pool2" in message
    assert "8×1×1" in message
    message = failure(convscope, "train", "--net", "simple-cnn-4-8", "--size", "8", code=1)
    assert "pool2" in message


def test_no_bundle(convscope: Command, tmp_path: Path) -> None:
    assert "runs/latest" in failure(convscope, "predict", "runs/latest", "a.png", code=1)
    (tmp_path / "wrong.safetensors").write_bytes(b"not a bundle at all")
    assert "wrong.safetensors" in failure(convscope, "eval", "wrong.safetensors", code=1)


def test_debug_shows_the_traceback(convscope: Command) -> None:
    result = convscope("summary", "convnet-bm", "--debug")
    assert result.returncode != 0
    assert "Traceback" in result.stderr


def test_debug_says_how_long_each_part_took(convscope: Command) -> None:
    result = convscope("train", *TINY, "--debug", "--json")
    assert result.returncode == 0
    seconds = json.loads(result.stdout)["seconds"]
    told = result.stderr.splitlines()[-1]
    parts = dict(re.findall(r"([a-z][a-z ]+) (\d+\.\d\d) s", told.removeprefix("debug: ")))
    assert {"getting ready", "training", "writing the report"} <= parts.keys()
    assert float(parts["training"]) == pytest.approx(seconds, abs=0.5)
    assert "debug" not in convscope("train", *TINY).stderr


def own_net(tmp_path: Path, forward: str) -> str:
    (tmp_path / "mine.py").write_text(
        "import torch.nn as nn\nimport torch.nn.functional as F\n\n\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.fc = nn.Linear(64, 10)\n\n    def forward(self, x):\n"
        + "".join(f"        {line}\n" for line in forward.splitlines())
    )
    return "mine.py:Net"


def test_a_branch_on_values_is_one_sentence_with_the_line(convscope: Command, tmp_path: Path) -> None:
    net = own_net(tmp_path, "x = x.flatten(1)\nif x.sum() > 0:\n    x = -x\nreturn self.fc(x)")
    result = convscope("train", "--net", net, "--epochs", "1")
    assert result.returncode == 1
    assert result.stderr.strip().count("\n") == 0
    assert "mine.py, line 12" in result.stderr


def test_prints_of_a_network_do_not_spoil_json(convscope: Command, tmp_path: Path) -> None:
    net = own_net(tmp_path, 'print("here")\nreturn self.fc(x.flatten(1))')
    result = convscope("train", "--net", net, "--epochs", "1", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["net"] == "Net"


def test_a_full_output_is_said(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "convscope", "nets"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert result.returncode != 0
    assert "No space left on device" in result.stderr


def test_a_run_that_comes_to_nothing_leaves_nothing(convscope: Command, tmp_path: Path) -> None:
    message = failure(convscope, "train", "--lr", "1e30", "--optimizer", "sgd", "--epochs", "2", code=1)
    (sentence,) = re.findall("error: .*", message)
    assert "--lr" in sentence
    assert sentence.endswith("helps. Nothing is kept of this run.")
    assert "kept" not in message.removesuffix(sentence)
    assert not list(tmp_path.glob("runs/2*"))


def test_minimum_accuracy_is_a_share(convscope: Command) -> None:
    assert "0.95" in failure(convscope, "eval", "runs/latest", "--min-accuracy", "95", code=2)


def test_ctrl_c_while_convscope_is_imported(tmp_path: Path) -> None:
    """Every module it imports may be the one."""
    for module in ("typer", "numpy", "pydantic"):
        code = (
            "import sys\nfrom convscope.cli import main\n\n\nclass Interrupt:\n"
            "    def find_spec(self, name, *_):\n"
            f"        if name == {module!r}:\n            raise KeyboardInterrupt\n\n\n"
            "sys.meta_path.insert(0, Interrupt())\nmain(['train'])"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted.\n")


def test_without_words_there_is_help(convscope: Command) -> None:
    result = convscope()
    assert result.returncode == 2
    assert result.stdout == convscope("--help").stdout
    assert "Usage: convscope" in result.stdout


def test_a_reader_that_leaves_does_not_end_the_training(tmp_path: Path) -> None:
    command = f"{sys.executable} -m convscope train {' '.join(TINY)} --out run 2>&1 | head -1"
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True, capture_output=True, timeout=120)
    assert (tmp_path / "run" / "report.html").is_file()
    assert not (tmp_path / "run" / "checkpoint").exists()


def test_a_reader_that_leaves_does_not_open_the_gate(tmp_path: Path, convscope: Command) -> None:
    assert convscope("train", *TINY, "--out", "run", "--quiet").returncode == 0
    gate = f"{sys.executable} -m convscope eval run --min-accuracy 1 | head -0; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", gate], cwd=tmp_path, check=False, capture_output=True, timeout=120)
    assert done.returncode == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_what_is_no_ordinary_file_is_not_opened(convscope: Command, photos: Path, tmp_path: Path) -> None:
    """A pipe would be waited for, and a device gives bytes for ever."""
    os.mkfifo(photos / "dark" / "pipe.png")
    trained = convscope("train", str(photos), "--epochs", "1", "--out", "run", "--size", "16", timeout=60)
    assert trained.returncode == 0
    assert "pipe.png is no ordinary file" in trained.stderr
    shown = convscope("predict", "run", str(photos / "dark" / "pipe.png"), "/dev/zero", timeout=60)
    assert shown.returncode == 1
    assert shown.stderr.count("is no ordinary file.") == 2


def test_an_encoding_that_lacks_letters(convscope: Command, photos: Path) -> None:
    (photos / "dark").rename(photos / "dunkel 🐝")
    words = ("train", str(photos), "--epochs", "1", "--size", "16", "--out", "run")
    done = convscope(*words, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)
    told = convscope("eval", "run", PYTHONIOENCODING="ascii")
    assert r"dunkel \U0001f41d" in told.stdout


def test_control_characters_stay_off_the_terminal(convscope: Command, photos: Path) -> None:
    (photos / "dark").rename(photos / "red\033[31m")
    assert convscope("train", str(photos), "--epochs", "1", "--size", "16", "--out", "run").returncode == 0
    told = convscope("eval", "run")
    assert "\033" not in told.stdout + told.stderr
    assert r"red\x1b[31m" in told.stdout


def test_a_folder_that_is_taken_is_said_before_the_data_is_read(convscope: Command, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    for more in ((), ("--seeds", "2")):
        done = convscope("train", "no-such-data", "--out", "taken", *more)
        assert done.returncode == 1
        assert done.stderr == "error: taken is there already and not empty; choose another --out.\n"
