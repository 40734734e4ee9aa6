"""Names with a prefix: several networks in one program say what each says alone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from convscope import Bundle, export, nets
from convscope.errors import UsageError
from convscope.ship.c_source.compiler import FLAGS
from convscope.ship.c_source.form import written
from convscope.ship.entrance import Entrance

from ...look.networks import inputs_of
from .networks import bundle_of, by_c, needs_compiler
from .test_compilers import STRICT, command, everything
from .test_networks import usual

MAIN = """
#include <stdio.h>
#include <stdint.h>
{declared}
static uint8_t picture[784];
static float probabilities[20];
int main(void)
{{
    while (fread(picture, sizeof picture, 1, stdin) == 1) {{
        first_predict(picture, probabilities);
        second_predict(picture, probabilities + 10);
        fwrite(probabilities, sizeof probabilities, 1, stdout);
    }}
    return first_class_names[9][0] != 'c' || second_class_names[9][0] != 'c';
}}
"""
DECLARED = """
void first_predict(const uint8_t *picture, float *probabilities);
void second_predict(const uint8_t *picture, float *probabilities);
extern const char *const first_class_names[], *const second_class_names[];
"""


def digits(name: str) -> Bundle:
    return bundle_of(nets.graph(name), usual(nets.graph(name)))


@needs_compiler
@pytest.mark.parametrize("how", ["linked", "included"])
def test_two_networks_in_one_program_say_what_each_says_alone(how: str, tmp_path: Path) -> None:
    both = {"first": digits("simple-cnn-4-8"), "second": digits("convnet-bn")}
    for name, bundle in both.items():
        (tmp_path / f"{name}.c").write_bytes(written(bundle, Entrance(bundle.preprocessing), name))
    files, declared = ["main.c", "first.c", "second.c"], DECLARED
    if how == "included":
        files = ["main.c"]
        declared = '#include "first.c"\n#include "second.c"\nenum { N = first_WIDTH + second_CLASSES };'
    (tmp_path / "main.c").write_text(MAIN.format(declared=declared))
    subprocess.run([*command(), *FLAGS, *STRICT, *files, "-o", "both", "-lm"], cwd=tmp_path, check=True)
    stored = inputs_of(both["first"], 3)
    done = subprocess.run([tmp_path / "both"], input=stored.tobytes(), capture_output=True, check=True)
    found = np.frombuffer(done.stdout, np.float32).reshape(3, 2, 10)
    for place, bundle in enumerate(both.values()):
        np.testing.assert_array_equal(found[:, place], by_c(bundle, stored))


@needs_compiler
def test_every_name_of_the_file_has_the_prefix(tmp_path: Path) -> None:
    """A network with every function, included twice: nothing at all is defined twice."""
    bundle = everything()
    for name in ("first", "second"):
        (tmp_path / f"{name}.c").write_bytes(written(bundle, Entrance(bundle.preprocessing), name))
    (tmp_path / "both.c").write_text('#include "first.c"\n#include "second.c"\n')
    subprocess.run([*command(), *FLAGS, "-c", "both.c"], cwd=tmp_path, check=True)
    comment = (tmp_path / "first.c").read_text().split("*/")[0]
    assert {"first_predict", "first_class_names", "first_HEIGHT"} <= set(re.findall(r"\w+", comment))
    assert not re.search(r"\b(predict|class_names|HEIGHT)\b", comment)


@needs_compiler
def test_it_is_compared_under_its_names(tmp_path: Path) -> None:
    exported = export(digits("simple-cnn-4-8"), tmp_path / "net.c", prefix="digits")
    assert exported.proof is not None
    assert exported.proof.count == 256
    assert "\nvoid digits_predict(const uint8_t *picture" in (tmp_path / "net.c").read_text()


@pytest.mark.parametrize("prefix", ["", "7", "a-b", "_a", "a_", "a__b", "gr\u00fcn", "a b", "a" * 32, "a\n"])
def test_a_prefix_that_makes_no_names_is_refused(prefix: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--prefix .* should be a letter, then"):
        export(digits("simple-cnn-4-8"), tmp_path / "net.c", prefix=prefix)
    assert not list(tmp_path.iterdir())


def test_reserved_words_and_other_formats_have_no_prefix(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--prefix while is a reserved word of C"):
        export(digits("simple-cnn-4-8"), tmp_path / "net.c", prefix="while")
    with pytest.raises(UsageError, match=r"--prefix is of the names in a C file; .* PyTorch program"):
        export(digits("simple-cnn-4-8"), tmp_path / "net.pt2", prefix="digits")
    assert not list(tmp_path.iterdir())
