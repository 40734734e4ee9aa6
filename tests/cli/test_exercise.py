"""`convscope exercise` as a teacher runs it: pages, files, checks, exit codes, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Command
from .test_errors import failure

TUTORIAL: dict[str, Any] = {
    "input": [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]],
    "kernel": [[1, 1, 1], [0, 0, 0], [1, 1, 1]],
    "padding": 1,
    "stride": 2,
}


def write(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document), "utf-8")


def test_from_making_to_checking(convscope: Command, tmp_path: Path) -> None:
    words = ("--size", "4x4", "--kernel", "2x2", "--range", "-3:3", "--pool", "max:2", "--seed", "7")
    made = convscope("exercise", *words, "--json", "--part", "problem")
    assert made.returncode == 0, made.stderr
    document = json.loads(made.stdout)
    assert document["result"] is document["pooled"] is None
    solved = json.loads(convscope("exercise", *words, "--json").stdout)
    assert solved["input"] == document["input"]

    document |= {"result": solved["result"], "output_size": solved["output_size"], "name": "Ada"}
    write(tmp_path / "ada.json", document)
    checked = convscope("exercise", "--check", "ada.json")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "result: all 9 right." in checked.stdout
    document["result"][2][0] += 1
    write(tmp_path / "ada.json", document)
    checked = convscope("exercise", "--check", "ada.json")
    assert checked.returncode == 3
    assert checked.stderr == "error: ada.json: 1 claim is wrong.\n"
    assert checked.stdout.startswith("Ada\n")
    assert "  (2, 0): claimed " in checked.stdout


def test_the_tutorials_wrong_entries(convscope: Command, tmp_path: Path) -> None:
    write(tmp_path / "tutorial.json", {**TUTORIAL, "result": [[1, 3], [2, 5]]})
    checked = convscope("exercise", "--check", "tutorial.json")
    assert checked.returncode == 3
    assert checked.stdout == (
        "Cross-correlation (kernel not flipped): input 4×4, kernel 3×3, stride 2, padding\n"
        "1 (zeros), dilation 1.\n"
        "Positions are (row, column), counted from 0.\n"
        "\n"
        "result: 2 of 4 wrong.\n"
        "  (0, 1): claimed 3, right 2\n"
        "    0·1 + 0·1 + 0·1 + 0·0 + 1·0 + 0·0 + 1·1 + 0·1 + 1·1 = 2\n"
        "  (1, 1): claimed 5, right 4\n"
        "    1·1 + 0·1 + 1·1 + 0·0 + 1·0 + 0·0 + 1·1 + 0·1 + 1·1 = 4\n"
    )
    machine = convscope("exercise", "--check", "tutorial.json", "--json")
    assert machine.returncode == 3
    verdict = json.loads(machine.stdout)
    assert verdict["right"] is False
    (answer,) = verdict["answers"]
    assert [(f["position"], f["claimed"], f["right"]) for f in answer["findings"]] == [
        ([0, 1], 3, 2),
        ([1, 1], 5, 4),
    ]


def test_the_how_to_shows_what_is_printed(convscope: Command, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "how-to.md").read_text("utf-8")
    section = text.partition("## Make exercises")[2]
    document, shown = (
        section.partition(f"```{kind}\n")[2].partition("```")[0] for kind in ("json", "console")
    )
    (tmp_path / "ada.json").write_text(document, "utf-8")
    command, _, printed = shown.partition("\n")
    checked = convscope(*command.removeprefix("$ convscope ").split())
    assert checked.stdout + checked.stderr == printed


def test_several_in_one_file_and_through_a_pipe(convscope: Command, tmp_path: Path) -> None:
    made = convscope("exercise", "--size", "8", "--kernel", "3", "--flip", "--count", "3", "--json")
    documents = json.loads(made.stdout)
    assert [document["seed"] for document in documents] == [0, 1, 2]
    documents[1]["result"][0] += 1
    checked = subprocess.run(
        [sys.executable, "-m", "convscope", "exercise", "--check", "-"],
        input=json.dumps(documents), capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert checked.returncode == 3
    assert checked.stderr == "error: standard input: 1 claim is wrong.\n"
    assert [line for line in checked.stdout.splitlines() if line.startswith("Exercise")] == [
        "Exercise 1",
        "Exercise 2",
        "Exercise 3",
    ]
    alone = json.loads(
        convscope("exercise", "--size", "8", "--kernel", "3", "--flip", "--seed", "2", "--json").stdout
    )
    assert alone == documents[2]


def test_files(convscope: Command, tmp_path: Path) -> None:
    for name, begins in (
        ("a.md", "# "),
        ("a.tex", "\\documentclass"),
        ("a.html", "<!doctype"),
        ("a.json", "{"),
    ):
        result = convscope("exercise", "--out", name)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        assert (tmp_path / name).read_text("utf-8").startswith(begins)
    result = convscope("exercise", "--out", "sheet.md", "--solution-out", "key.html", "--count", "2")
    assert result.returncode == 0, result.stderr
    assert "Solution" not in (tmp_path / "sheet.md").read_text("utf-8")
    assert "Solution 2 (seed 1)" in (tmp_path / "key.html").read_text("utf-8")
    text = convscope("exercise", "--part", "solution", "--format", "latex")
    assert text.stdout.startswith("\\documentclass")
    assert max(map(len, convscope("exercise", "--padding", "same").stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--size", "big"), 2, "--size big should be"),
        (("--size", "2x2"), 1, "does not fit"),
        (("--padding", "sme"), 2, "or same, valid or full"),
        (("--range", "3"), 2, "such as -3:3"),
        (("--range", "3:-3"), 2, "smaller number first"),
        (("--border", "mirror"), 2, "unknown border 'mirror'"),
        (("--pool", "max:two"), 2, "pool 'max:two' should be"),
        (("--kernel", "sobl"), 2, "did you mean 'sobel"),
        (("--kernel", "none"), 2, "give one of them"),
        (("--count", "0"), 2, "--count 0"),
        (("--seed", "-1"), 2, "seed=-1"),
        (("--format", "htm"), 2, "did you mean 'html'?"),
        (("--format", "html", "--json"), 2, "different forms"),
        (("--out", "a.docx"), 2, "a.docx has an ending"),
        (("--out", "no/a.md"), 1, "cannot write no/a.md"),
        (("--out", "a.md", "--solution-out", "a.md"), 2, "a.md is both"),
        (("--part", "solution", "--solution-out", "a.md"), 2, "leave --part out"),
        (("--sise", "5"), 2, "did you mean '--size'?"),
        (("--check", "none.json"), 1, "cannot read none.json"),
        (("--check", "bad.json"), 1, "bad.json, line 2, column"),
        (("--check", "empty.json"), 1, "empty.json: there is no input"),
        (("--check", "none.json", "--kernel-range", "0:1"), 2, "leave --kernel-range out"),
    ],
)
def test_what_is_refused(
    convscope: Command, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    (tmp_path / "bad.json").write_text('{"input": [[1, 2]],\n "kernel": [[1,,1]]}')
    (tmp_path / "empty.json").write_text("{}")
    assert said in failure(convscope, "exercise", *words, code=code)
    assert not (tmp_path / "a.md").exists()


def test_numbers_per_axis_as_for_conv(convscope: Command) -> None:
    words = ("exercise", "--padding", "same", "--pool", "lp")
    assert convscope(*words, "--stride", "2,1").stdout == convscope(*words, "--stride", "2x1").stdout != ""


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys\nfrom convscope.cli import main\n"
        "try:\n    main(['exercise', '--pool', 'max:2'])\n"
        "except SystemExit as left:\n    assert not left.code, left.code\n"
        "print(sorted({'torch', 'matplotlib', 'sklearn', 'scipy'} & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stderr.strip() == "[]"
