"""`convscope runs`, `runs rm` and runs by their names."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convscope.recipe import Recipe
from convscope.runs.state import at_work

from ..conftest import Command


def make_run(
    path: Path,
    *,
    accuracy: float | None = 0.9,
    net: str = "convnet-bn",
    data: str = "digits",
    epochs: int = 2,
    age: int = 0,
    done: int | None = None,
) -> Path:
    """A run as it lies on the disk, without what a list does not read; made `age` seconds ago."""
    path.mkdir(parents=True)
    (path / "recipe.toml").write_text(Recipe.of(net=net, data=data, epochs=epochs).to_toml(), "utf-8")
    (path / "metrics.jsonl").write_text("{}\n" * (epochs if done is None else done))
    (path / "bundle.safetensors").write_bytes(b"0" * 1000)
    if accuracy is not None:
        result = {"test": {"accuracy": accuracy, "split": "test"}}
        (path / "result.json").write_text(json.dumps(result))
    for file in path.iterdir():
        then = 1_700_000_000 - age
        os.utime(file, (then, then))
    return path


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_this_process: Command) -> Command:
    """The command line in this process, in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    return in_this_process


@pytest.fixture
def five(tmp_path: Path) -> Path:
    """`runs/` with five runs, the newest first by name."""
    root = tmp_path / "runs"
    make_run(root / "a-digits-convnet-bn", accuracy=0.95, age=1)
    make_run(root / "b-mnist-lenet-5", accuracy=0.99, age=2, net="lenet-5", data="mnist", epochs=9)
    make_run(root / "c-own", accuracy=0.7, age=3, net="my_net.py:Net", data="/home/ada/pets", epochs=5)
    make_run(root / "d-digits-convnet-bn-8-16", accuracy=None, age=4, net="convnet-bn-8-16", done=1)
    make_run(root / "e-digits-convnet-bn", accuracy=0.95, age=5, epochs=3)
    (root / "latest").symlink_to("a-digits-convnet-bn")
    return root


def names(at: Command, *words: str) -> str:
    """The first letters of the runs that are listed."""
    done = at("runs", *words, "--json")
    assert done.returncode == 0, done.stderr
    return "".join(Path(run["run"]).name[0] for run in json.loads(done.stdout))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "abcde"),
        (("--reverse",), "edcba"),
        (("--sort", "accuracy"), "baecd"),
        (("--sort", "accuracy", "--reverse"), "caebd"),
        (("--sort", "epochs"), "bcead"),
        (("--sort", "name", "--reverse"), "edcba"),
        (("--sort", "net"), "aedbc"),
        (("--sort", "data"), "adebc"),
        (("--net", "convnet-bn"), "ae"),
        (("--net", "convnet-*"), "ade"),
        (("--net", "Net"), "c"),
        (("--net", "my_net.py:Net"), "c"),
        (("--data", "pets"), "c"),
        (("--data", "/home/ada/pets/"), "c"),
        (("--min-accuracy", "0.95"), "abe"),
        (("--unfinished",), "d"),
        (("--limit", "2"), "ab"),
        (("--sort", "accuracy", "--limit", "1", "--data", "digits"), "a"),
        (("runs", "--limit", "1"), "a"),
    ],
)
def test_order_and_choice(at: Command, five: Path, words: tuple[str, ...], expected: str) -> None:
    assert names(at, *words) == expected


def test_the_table(at: Command, five: Path) -> None:
    assert at("runs").stdout.splitlines() == [
        "run                       epochs     accuracy  of",
        "a-digits-convnet-bn            2      95.00 %  test",
        "b-mnist-lenet-5                9      99.00 %  test",
        "c-own  Net on pets             5      70.00 %  test",
        "d-digits-convnet-bn-8-16     1/2  interrupted",
        "e-digits-convnet-bn            3      95.00 %  test",
    ]
    assert at("runs", "--net", "alexnet").stdout == "None of the 5 in runs fits.\n"


def test_states(at: Command, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    make_run(root / "finished")
    make_run(root / "interrupted", accuracy=None)
    working = make_run(root / "working", accuracy=None)
    with at_work(working):
        listed = json.loads(at("runs", "--json").stdout)
        assert {Path(run["run"]).name: run["state"] for run in listed} == {
            "finished": "finished",
            "interrupted": "interrupted",
            "working": "at work",
        }
        assert "at work" in at("runs").stdout


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("recipe.toml", b"net = ", "recipe.toml cannot be read: "),
        ("recipe.toml", b"\xff\xfe", "recipe.toml cannot be read: "),
        ("recipe.toml", b'data = "digits"', "recipe.toml cannot be read: 'net' is missing"),
        ("result.json", b'{"test": {"acc', "result.json cannot be read: "),
        ("result.json", b"{}", "result.json cannot be read: 'test' is missing"),
        ("result.json", b"[]", "result.json cannot be read: "),
        ("result.json", b'{"test": {"accuracy": "high", "split": "test"}}', "result.json cannot be read: "),
        ("seeds.json", b"{}", "seeds.json is not what"),
    ],
)
def test_a_damaged_run_does_not_stop_the_list(
    at: Command, five: Path, file: str, content: bytes, reason: str
) -> None:
    (five / "b-mnist-lenet-5" / file).write_bytes(content)
    done = at("runs", "--sort", "name")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 6
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("b-")]
    assert "damaged" in line
    (said,) = done.stderr.splitlines()
    assert said.startswith("warning: runs/b-mnist-lenet-5/")
    assert reason in said
    (record,) = [run for run in json.loads(at("runs", "--json").stdout) if run["state"] == "damaged"]
    assert reason in record["problem"]
    assert names(at, "--unfinished", "--sort", "name") == "bd"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--sort", "accurracy"), "unknown order 'accurracy': did you mean 'accuracy'?"),
        (("--min-accuracy", "95"), "--min-accuracy 95 should be a share of 1, such as 0.95."),
        (("--limit", "0"), "--limit 0 should be 1 or more."),
        (("rm",), "missing argument 'runs'"),
        (("rm", "a-digits-convnet-bn"), "there is no terminal to ask at; --yes removes without asking."),
    ],
)
def test_wrong_usage(
    at: Command, five: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], expected: str
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    done = at("runs", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert expected in done.stderr
    assert len([*five.iterdir()]) == 6


# ---------------------------------------------------------------------------------------------- removal


def answer(monkeypatch: pytest.MonkeyPatch, text: str | None) -> list[str]:
    """A person at a terminal who answers so; what they were asked."""
    asked: list[str] = []

    def read(prompt: str) -> str:
        asked.append(prompt)
        if text is None:
            raise EOFError
        return text

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", read)
    return asked


@pytest.mark.parametrize("text", ["", "n", "no", "maybe", None])
def test_it_asks_and_takes_no_for_an_answer(
    at: Command, five: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    asked = answer(monkeypatch, text)
    done = at("runs", "rm", "runs/b-mnist-lenet-5", "c-own")
    assert done.returncode == 0
    size = [
        sum(file.stat().st_size for file in (five / name).iterdir()) for name in ("b-mnist-lenet-5", "c-own")
    ]
    assert [line.split()[:3] for line in done.stdout.splitlines() if line][:2] == [
        ["runs/b-mnist-lenet-5", "a", "run"],
        ["runs/c-own", "a", "run"],
    ]
    assert asked == [f"Remove these 2 ({sum(size) / 1000:.1f} kB) for good? [y/N] "]
    assert done.stdout.endswith("Nothing is removed.\n")
    assert len([*five.iterdir()]) == 6


def test_yes_removes(at: Command, five: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "y")
    assert at("runs", "rm", "b-mnist-lenet-5").returncode == 0
    assert names(at) == "acde"
    assert (
        at("runs", "rm", "runs/c-own", "runs/c-own/", "./runs/d-digits-convnet-bn-8-16", "--yes").returncode
        == 0
    )
    assert names(at) == "ae"
    assert sorted(path.name for path in five.iterdir()) == [
        "a-digits-convnet-bn",
        "e-digits-convnet-bn",
        "latest",
    ]


def test_ctrl_c_at_the_question(at: Command, five: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "")

    def press(prompt: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", press)
    done = at("runs", "rm", "c-own")
    assert (done.returncode, done.stderr) == (130, "interrupted. Nothing is removed.\n")


def test_latest_says_what_it_is_and_moves_on(at: Command, five: Path) -> None:
    done = at("runs", "rm", "latest", "--yes")
    assert done.returncode == 0
    assert done.stderr == "runs/latest is runs/a-digits-convnet-bn.\n"
    assert done.stdout.splitlines()[-1] == "runs/latest is now runs/b-mnist-lenet-5."
    assert (five / "latest").resolve() == five / "b-mnist-lenet-5"
    (five / "c-own" / "bundle.safetensors").unlink()  # nothing to use
    at("runs", "rm", "runs/b-mnist-lenet-5", "--yes")
    assert (five / "latest").resolve() == five / "d-digits-convnet-bn-8-16"
    done = at("runs", "rm", "d-digits-convnet-bn-8-16", "e-digits-convnet-bn", "--yes")
    assert done.stdout.splitlines()[-1] == "runs/latest is gone: no run that is left has a bundle."
    assert not (five / "latest").is_symlink()
    assert names(at) == "c"


def test_latest_as_a_file(at: Command, five: Path) -> None:
    (five / "latest").unlink()
    (five / "latest").write_text("a-digits-convnet-bn")
    assert at("runs", "rm", "runs/latest", "--yes").returncode == 0
    assert names(at) == "bcde"
    assert (five / "latest").resolve() == five / "b-mnist-lenet-5"


@pytest.mark.parametrize("content", [b"my notes", b"two\nlines", b"\xff\0", b""])
def test_a_file_of_ones_own_that_is_called_latest_stays(at: Command, tmp_path: Path, content: bytes) -> None:
    make_run(tmp_path / "elsewhere" / "a")
    (tmp_path / "elsewhere" / "latest").write_bytes(content)
    assert at("runs", "rm", "elsewhere/a", "--yes").returncode == 0
    assert (tmp_path / "elsewhere" / "latest").read_bytes() == content


def test_removing_another_leaves_latest(at: Command, five: Path) -> None:
    assert "latest" not in at("runs", "rm", "b-mnist-lenet-5", "--yes").stdout
    assert (five / "latest").readlink() == Path("a-digits-convnet-bn")


def make_series(path: Path) -> Path:
    for seed in (3, 4):
        make_run(path / f"seed-{seed}")
    return path


def test_a_series_is_one_thing(at: Command, five: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_series(five / "s-seeds")
    done = at("runs", "rm", "runs/s-seeds/seed-3", "--yes")
    assert done.returncode == 1
    assert "runs/s-seeds/seed-3 is one run of a series; `convscope runs rm runs/s-seeds`" in done.stderr
    answer(monkeypatch, "yes")
    done = at("runs", "rm", "s-seeds")
    assert done.stdout.splitlines()[0].split()[:6] == ["runs/s-seeds", "a", "series", "of", "2", "runs"]
    assert not (five / "s-seeds").exists()


def refusals(root: Path) -> Iterator[tuple[str, str]]:
    folder = root.parent
    (folder / "photos" / "cat").mkdir(parents=True)
    yield "photos", "photos is not the folder of a run."
    (folder / "project").mkdir()
    (folder / "project" / "recipe.toml").write_text("")
    (folder / "project" / "my_net.py").write_text("")
    yield "project", "project is not the folder of a run."
    yield "runs", "runs is a folder of runs; name those to remove."
    yield "nothing", "nothing is not there"
    yield "runs/a-digits-convnet-bn/recipe.toml", "is not the folder of a run."
    (folder / "link").symlink_to(root / "c-own")
    yield "link", "link is a link; name the run itself."
    (root / "b-mnist-lenet-5" / "thesis").mkdir()
    yield "b-mnist-lenet-5", "has a folder that no run has, thesis; move it away first."
    (root / "e-digits-convnet-bn" / ".git").mkdir()
    yield "e-digits-convnet-bn", "has a folder that no run has, .git;"


def test_what_is_no_run_stays(at: Command, five: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, expected in refusals(five):
        before = sorted(five.parent.rglob("*"))
        done = at("runs", "rm", "d-digits-convnet-bn-8-16", name, "--yes")
        assert done.returncode == 1
        assert expected in done.stderr
        assert sorted(five.parent.rglob("*")) == before  # not even the run that could go
    with at_work(five / "c-own"):
        assert "c-own is at work; stop its training first." in at("runs", "rm", "c-own", "--yes").stderr
    monkeypatch.chdir(five / "c-own")
    assert "is the folder you are in." in at("runs", "rm", str(five / "c-own"), "--yes").stderr


def test_links_in_a_run_are_not_followed(at: Command, five: Path) -> None:
    treasure = five.parent / "treasure"
    treasure.mkdir()
    (treasure / "gold.txt").write_text("gold")
    (five / "c-own" / "figures").symlink_to(treasure)
    assert at("runs", "rm", "c-own", "--yes").returncode == 0
    assert (treasure / "gold.txt").read_text() == "gold"


def test_one_that_fails_is_named_and_the_others_go(
    at: Command, five: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def refuse(self: Path, target: Any) -> Path:
        if self.name == "c-own":
            raise PermissionError(13, "Permission denied", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    done = at("runs", "rm", "b-mnist-lenet-5", "c-own", "d-digits-convnet-bn-8-16", "--yes")
    assert done.returncode == 1
    assert done.stderr == "error: runs/c-own cannot be removed: Permission denied.\n"
    assert names(at) == "ace"


def test_a_half_removed_run_is_not_listed_and_goes_with_the_next(
    at: Command, five: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def stop(path: Path) -> None:
            (Path(path) / "result.json").unlink()
            raise PermissionError(13, "Permission denied", "runs/figures/a.png")

        patch.setattr("shutil.rmtree", stop)
        (five / "latest").unlink()
        (five / "latest").symlink_to("c-own")
        done = at("runs", "rm", "c-own", "--yes")
    assert done.returncode == 1
    assert "runs/c-own is not removed whole" in done.stderr
    assert done.stdout == "runs/latest is now runs/a-digits-convnet-bn.\n"
    assert names(at) == "abde"
    assert at("runs", "rm", "d-digits-convnet-bn-8-16", "--yes").returncode == 0
    assert not [*five.glob(".*")]


# ------------------------------------------------------------------------------------------ runs by name


def test_runs_by_name(convscope: Command, tmp_path: Path) -> None:
    trained = convscope("train", "--net", "simple-cnn-16-32", "--epochs", "1")
    assert trained.returncode == 0, trained.stderr
    name = (tmp_path / "runs" / "latest").resolve().name
    by_path = convscope("eval", "runs/latest").stdout
    assert convscope("eval", "latest").stdout == convscope("eval", name).stdout == by_path
    assert convscope("summary", "latest").returncode == 0
    assert name in convscope("eval", name[:-3]).stderr  # did you mean
    message = convscope("runs", "compare", "latest", name).stderr
    assert "A and B are the same run" in message
    (tmp_path / "latest").mkdir()  # one's own comes first
    assert "latest" in convscope("eval", "latest").stderr


def test_a_network_is_no_run(convscope: Command, tmp_path: Path) -> None:
    (tmp_path / "runs" / "lenet-5").mkdir(parents=True)
    assert convscope("summary", "lenet-5").stdout.startswith("lenet-5, input")


def test_latest_where_there_is_none(convscope: Command) -> None:
    assert convscope("eval", "latest").stderr.startswith("error: there is no run or bundle runs/latest; ")
