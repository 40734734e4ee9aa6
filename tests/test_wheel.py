"""A wheel of the working tree: what it holds, and that its engine needs no compiler where it is used.

The studio's page is built and git-ignored, and belongs to it all the same.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.xdist_group("wheel")


def missing() -> str:
    """What a build needs and this machine lacks, in words; empty where nothing is missing."""
    if not shutil.which(os.environ.get("CXX", "c++").split()[0]):
        return "no C++ compiler"
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "no Python headers"
    if not all(map(importlib.util.find_spec, ("scikit_build_core", "nanobind", "cmake", "ninja"))):
        return "the extra `native` is not installed"
    return ""


def pip(*words: str | Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if reason := missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("wheel")
    build = "build-dir=build/extension-{cache_tag}"  # that of `make native`
    pip("wheel", "--no-deps", "--no-build-isolation", "-C", build, "--wheel-dir", folder, ROOT)
    [path] = folder.iterdir()
    return path


def test_wheel_holds_what_is_used_and_no_sources(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("py.typed", "exercise/template.html", "lanes/__init__.py", "bundles/starter.safetensors"):
        assert f"convscope/{name}" in names
    assert [name for name in names if name.endswith(".so")] == [native_module()]
    assert not [name for name in names if "/cpp/" in name]
    pages = [path for kind in ("html", "css", "js") for path in (ROOT / "src").rglob(f"*.{kind}")]
    assert {path.relative_to(ROOT / "src").as_posix() for path in pages} <= set(names)
    packaged = {name for name in names if name.startswith("convscope/") and name.endswith(".py")}
    assert packaged == {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")}


STATIC = ROOT / "src" / "convscope" / "studio" / "static"
PAGE = ("index.html", "widgets/convolution.js", "widgets/network.js")
needs_page = pytest.mark.skipif(not (STATIC / PAGE[0]).is_file(), reason="the page is not built: make web")


@needs_page
def test_wheel_holds_the_studio(wheel: Path) -> None:
    opened = zipfile.ZipFile(wheel)
    static = "convscope/studio/static/"
    held = {name.removeprefix(static) for name in opened.namelist() if name.startswith(static)}
    assert held == {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()}
    assert {*PAGE} <= held
    for name in held:
        assert opened.read(static + name) == (STATIC / name).read_bytes()
    named = re.findall(r'"\./(assets/[^"]+)"', opened.read(f"{static}index.html").decode())
    assert len(named) >= 2  # script and style
    assert {*named} <= held
    assert not [name for name in opened.namelist() if "node_modules" in name]


def test_sdist_holds_the_starter(tmp_path: Path) -> None:
    backend = pytest.importorskip("scikit_build_core.build", reason="the extra `native` is not installed")
    code = f"import sys; from {backend.__name__} import build_sdist; print(build_sdist(sys.argv[1]))"
    result = subprocess.run(
        [sys.executable, "-c", code, tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    [file] = tmp_path.iterdir()
    with tarfile.open(file) as opened:
        inside = file.name.removesuffix(".tar.gz")
        names = opened.getnames()
        assert f"{inside}/web/package-lock.json" in names  # so that the page can be built from it
        assert not [name for name in names if "node_modules" in name]
        built = {path.relative_to(ROOT).as_posix() for path in STATIC.rglob("*") if path.is_file()}
        assert {f"{inside}/{name}" for name in built} <= {*names}
        name = f"{inside}/src/convscope/bundles/starter.safetensors"
        held = opened.extractfile(name)
        assert held is not None
        assert held.read() == (ROOT / "src/convscope/bundles/starter.safetensors").read_bytes()


def native_module() -> str:
    """Python 3.12 has the stable ABI that the module uses; before it a module is for one version."""
    suffix = ".abi3.so" if sys.version_info >= (3, 12) else sysconfig.get_config_var("EXT_SUFFIX")
    return f"convscope/native/_native{suffix}"


def test_wheel_serves_later_pythons(wheel: Path) -> None:
    tag = "cp312-abi3" if sys.version_info >= (3, 12) else "cp311-cp311"
    assert f"-{tag}-" in wheel.name


def test_installed_wheel_needs_no_compiler(wheel: Path, tmp_path: Path) -> None:
    pip("install", "--no-deps", "--no-index", "--target", tmp_path / "site", wheel)
    (tmp_path / "bin").mkdir()
    result = subprocess.run(
        [sys.executable, "-c", "from convscope.native import _native; print(_native.__file__)"],
        cwd=tmp_path,
        env={"PATH": str(tmp_path / "bin"), "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()) == tmp_path / "site" / native_module()
