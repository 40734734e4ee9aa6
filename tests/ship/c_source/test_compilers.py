"""What C and C++ compilers, sanitizers and linkers say of the file."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from convscope import Bundle, nets
from convscope.graph import Builder
from convscope.ship.c_source.compiler import FLAGS, compiler
from convscope.ship.c_source.form import runner, written
from convscope.ship.c_source.functions import FOLDER
from convscope.ship.c_source.pointwise import POINTWISE
from convscope.ship.entrance import Entrance

from ...look.networks import inputs_of
from .networks import bundle_of, needs_compiler, of_numbers
from .test_networks import usual

STRICT = ("-pedantic", "-Wconversion", "-Wshadow", "-Wmissing-prototypes", "-Wstrict-prototypes")
SANITIZED = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def command() -> list[str]:
    found = compiler()
    assert found is not None
    return found


def everything() -> Bundle:
    """A network that uses every C function there is, at sizes that reach over borders."""
    b = Builder("everything")
    x = b.input(6, 13, 11)
    parts = [b.append(kind, x) for kind in (*POINTWISE, "tanh", "leaky_relu", "elu", "gelu", "affine")]
    parts.append(b.append("gelu", x, approximate="tanh"))
    for groups, padding in ((1, ((2, 1), (0, 3))), (3, ((0, 0), (1, 1)))):
        x = b.batch_norm(
            b.append("conv2d", x, kernel_size=(3, 2), stride=(1, 2), padding=padding, dilation=(2, 1),
                     out_channels=9, groups=groups)
        )  # fmt: skip
    y = b.conv2d(x, 5, kernel_size=1)
    window = {"kernel_size": (2, 2), "stride": (1, 1), "padding": ((1, 1), (1, 1))}
    pools = [b.append(f"{kind}_pool2d", y, **window) for kind in ("max", "average")]  # type: ignore[arg-type]
    pools.append(b.append("lp_pool2d", b.append("sigmoid", y), kernel_size=(1, 2), padding=((0, 0), (0, 1))))
    pools += [b.append(f"adaptive_{kind}_pool2d", y, output_size=(2, 3)) for kind in ("average", "max")]
    pools += [
        b.append("pad", y, padding=((1, 2), (-1, 1))),
        b.append("pad", y, padding=((1, 2), (1, 1)), mode="reflect"),
    ]
    parts += [
        *pools,
        b.append("group_norm", y, num_groups=5),
        b.append("layer_norm", y, normalized_shape=y.shape),
    ]
    parts += [b.append("mean", y, dim=(1,)), b.append("mean", y, dim=(2, 3)), b.append("softmax", y, dim=1)]
    parts += [
        b.append("log_softmax", y, dim=2),
        b.append("linear", y, out_features=3),
        b.batch_norm(b.append("relu", y)),
    ]
    wide = b.append("mean", y, dim=(2, 3), keepdim=True)
    parts += [
        b.append("add", y, wide),
        b.append("multiply", y, wide),
        b.append("add", y, y),
        b.append("multiply", y, y),
    ]
    flat = [b.flatten(part) if len(part.shape) > 1 else part for part in parts]
    return of_numbers(b.build(b.append("concat", *flat)))


def file_of(bundle: Bundle, folder: Path) -> Path:
    file = folder / "network.c"
    file.write_bytes(written(bundle, Entrance(bundle.preprocessing)))
    return file


def compiles(words: Sequence[str], folder: Path) -> bool:
    return subprocess.run(words, cwd=folder, capture_output=True, check=False).returncode == 0


def test_everything_uses_every_function(tmp_path: Path) -> None:
    text = file_of(everything(), tmp_path).read_text()
    used = {path.stem for path in FOLDER.glob("*.c") if re.search(rf"\b{path.stem}\b[ (]", text)}
    assert {path.stem for path in FOLDER.glob("*.c")} - used <= {"read_picture", "read_values"}


@needs_compiler
@pytest.mark.parametrize("level", ["-O0", "-O1", "-O2", "-O3", "-Os"])
def test_no_compiler_warning_at_any_level(level: str, tmp_path: Path) -> None:
    file_of(everything(), tmp_path)
    words = [*command(), *FLAGS, *STRICT, level, "-c", "network.c", "-o", "network.o"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    graph = nets.graph("convnet-bn")
    file_of(bundle_of(graph, usual(graph)), tmp_path)
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@needs_compiler
def test_only_predict_and_class_names_are_visible(tmp_path: Path) -> None:
    nm = shutil.which("nm")
    if nm is None:
        pytest.skip("no nm, which comes with binutils")
    file_of(everything(), tmp_path)
    subprocess.run([*command(), *FLAGS, "-c", "network.c"], cwd=tmp_path, check=True)
    listed = subprocess.run([nm, "-g", "network.o"], cwd=tmp_path, capture_output=True, text=True, check=True)
    symbols = [line.split() for line in listed.stdout.splitlines()]
    assert {words[-1].lstrip("_") for words in symbols if words[-2] != "U"} == {"predict", "class_names"}
    outside = {words[-1].lstrip("_") for words in symbols if words[-2] == "U"}
    allowed = {
        "expf",
        "expm1f",
        "tanhf",
        "erff",
        "sqrtf",
        "powf",
        "logf",
        "log1pf",
        "memset",
        "memcpy",
        "memmove",
    }
    assert outside <= allowed | {"GLOBAL_OFFSET_TABLE_", "stack_chk_fail"}


@needs_compiler
def test_the_stack_is_small(tmp_path: Path) -> None:
    file_of(everything(), tmp_path)
    words = [*command(), "-std=c99", "-O0", "-fstack-usage", "-c", "network.c"]
    if not compiles(words, tmp_path):
        pytest.skip("this compiler has no -fstack-usage")
    used = [int(line.split("\t")[1]) for line in (tmp_path / "network.su").read_text().splitlines()]
    assert used
    assert 2 * max(used) < 1000  # predict, and what it calls


CALLER = """
#include <stdio.h>
#ifdef __cplusplus
extern "C" {
#endif
void predict(const float *values, float *probabilities);
extern const char *const class_names[];
#ifdef __cplusplus
}
#endif
static float values[NUMBERS], probabilities[SCORES];
int main(void)
{
    while (fread(values, sizeof values, 1, stdin) == 1) {
        predict(values, probabilities);
        fwrite(probabilities, sizeof probabilities, 1, stdout);
    }
    return class_names[SCORES - 1][0] != 'c';
}
"""


def called(folder: Path, bundle: Bundle, stored: np.ndarray, words: Sequence[str], caller: str) -> np.ndarray:
    """What the program of a caller and the file prints for inputs on its standard input."""
    (folder / caller).write_text(CALLER)
    sizes = [f"-DNUMBERS={stored[0].size}", f"-DSCORES={len(bundle.classes)}"]
    subprocess.run([*words, *sizes, caller, "network.c", "-o", "program", "-lm"], cwd=folder, check=True)
    done = subprocess.run([folder / "program"], input=stored.tobytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout, np.float32).reshape(len(stored), -1)


@needs_compiler
def test_no_sanitizer_finds_anything(tmp_path: Path) -> None:
    (tmp_path / "empty.c").write_text("int main(void) { return 0; }")
    if not compiles([*command(), *SANITIZED, "empty.c", "-o", "empty"], tmp_path):
        pytest.skip("this compiler has no sanitizers")
    bundle = everything()
    file, stored = file_of(bundle, tmp_path), inputs_of(bundle, 2)
    found = called(tmp_path, bundle, stored, [*command(), "-std=c99", *SANITIZED], "main.c")
    run = runner(file.read_bytes(), bundle, Entrance(bundle.preprocessing))
    np.testing.assert_allclose(found, run(stored), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found, bundle.probabilities(stored), rtol=1e-3, atol=1e-4)


@needs_compiler
def test_a_cpp_compiler_takes_it_and_a_cpp_program_calls_it(tmp_path: Path) -> None:
    cpp = shutil.which("c++") or shutil.which("g++")
    if cpp is None:
        pytest.skip("no C++ compiler: apt-get install g++")
    bundle = everything()
    file_of(bundle, tmp_path)
    stored = inputs_of(bundle, 1)
    words = [cpp, "-x", "c++", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    found = called(tmp_path, bundle, stored, words, "main.cpp")
    np.testing.assert_allclose(found, bundle.probabilities(stored), rtol=1e-3, atol=1e-4)
