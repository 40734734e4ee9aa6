"""Patterns beside Python's own `glob`, and what is no pattern although it looks like one."""

from __future__ import annotations

import glob
import os
from pathlib import Path

import pytest

from convscope import Bundle
from convscope.prediction.patterns import matches

PATTERNS = [
    "*.png", "a/*", "*/*.jpg", "**/*.png", "a/**/*.png", "?.png", "[ab].png", "[!a].png", "*/deep/*/x.png",
    "**/er/*", "a/**/er/**/*.png", "nothing/*", "**/*.tif", ".hidden/*.png", "./a/*.png", "**/deep/**/*.png",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("absolute", [False, True])
def test_patterns_mean_what_they_mean_to_glob(
    tree: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, absolute: bool
) -> None:
    monkeypatch.chdir(tree)
    pattern = f"{tree}/{pattern.removeprefix('./')}" if absolute else pattern
    found = list(matches(pattern))
    wanted = set(glob.glob(pattern, recursive=True))  # noqa: PTH207 (the oracle)
    if "**" in pattern:
        wanted = {path for path in wanted if Path(path).is_file()}
    assert {os.path.normpath(path) for path in found} == {os.path.normpath(path) for path in wanted}
    assert len(found) == len(wanted)
    assert found == list(matches(pattern))
    assert [Path(path) for path in found] == sorted(map(Path, found))


def test_any_depth_alone_is_all_files(tree: Path) -> None:
    assert len(list(matches(f"{tree}/**"))) == len(list(matches(f"{tree}/**/*"))) == 8


def test_links_that_lead_round_are_not_followed(tree: Path) -> None:
    (tree / "a" / "round").symlink_to(tree)
    assert len(list(matches(f"{tree}/**/*.png"))) == 5


def test_a_folder_that_matches_is_searched_whole(bundle: Bundle, tree: Path) -> None:
    paths = [p.path for p in bundle.predict(str(tree / "?"))]
    assert paths == [str(tree / name) for name in ("a/10.png", "a/2.jpg", "a/deep/er/x.png", "c/y.jpeg")]


def test_a_path_that_exists_wins(bundle: Bundle, tree: Path) -> None:
    (tree / "[ab].png").write_bytes((tree / "b.png").read_bytes())
    assert [p.path for p in bundle.predict(str(tree / "[ab].png"))] == [str(tree / "[ab].png")]


def test_a_pattern_that_matches_nothing_is_one_sentence(bundle: Bundle, tree: Path) -> None:
    nothing, something = bundle.predict([str(tree / "*.bmp"), str(tree / "b.png")])
    assert nothing.error == f"there is no picture {tree}/*.bmp, and nothing matches it as a pattern."
    assert something.error is None
