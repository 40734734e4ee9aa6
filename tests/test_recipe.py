from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.errors import ConvscopeError, UnknownName, UsageError
from convscope.recipe import Recipe, as_flag, as_key

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)  # no lone surrogates
SHARE = st.floats(0, 1, exclude_max=True)
POSITIVE = st.floats(0, exclude_min=True, allow_nan=False, allow_infinity=False)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "data": TEXT,
        "data_dir": TEXT,
        "net": TEXT,
        "validation": SHARE,
        "test_fraction": SHARE,
        "size": st.integers(1, 8192) | st.tuples(st.integers(1, 8192), st.integers(1, 8192)),
        "channels": st.sampled_from([1, 3]),
        "resize": st.sampled_from(["fit", "crop", "stretch"]),
        "invert": st.booleans(),
        "epochs": st.integers(1, 10**9),
        "lr": POSITIVE,
        "weight_decay": POSITIVE,
        "schedule": st.sampled_from(["constant", "cosine", "one-cycle"]),
        "seed": st.integers(0, 2**63 - 1),
        "keep": st.sampled_from(["best", "last"]),
    },
)


def test_an_unknown_setting_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="unknown setting 'batchsize': did you mean 'batch_size'") as caught:
        Recipe.of(batchsize=3)
    assert caught.value.exit_code == 2
    with pytest.raises(UnknownName, match="unknown setting 'epoch'"):
        Recipe.of().but(epoch=3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 1.5),
        ("batch_size", 0),
        ("batch_size", "many"),
        ("lr", 0.0),
        ("lr", -1.0),
        ("lr", float("nan")),
        ("lr", float("inf")),
        ("weight_decay", -0.1),
        ("validation", 1.0),
        ("test_fraction", -0.1),
        ("momentum", 1.0),
        ("label_smoothing", 1.0),
        ("clip_norm", 0.0),
        ("optimizer", "adamm"),
        ("schedule", "cycle"),
        ("channels", 2),
        ("resize", "zoom"),
        ("size", "big"),
        ("size", (1, 2, 3)),
        ("seed", -1),
        ("threads", 0),
        ("early_stopping", 0),
        ("device", "tpu"),
        ("precision", "float16"),
        ("data", "lone \udc80 surrogate"),
    ],
)
def test_an_impossible_value_is_named_with_its_setting(name: str, value: Any) -> None:
    for written in (as_key, as_flag):
        with pytest.raises(UsageError) as caught:
            Recipe.checked({name: value}, written)
        assert str(caught.value).startswith(f"{written(name, value)} should be ")
        assert str(caught.value).count(".\n") == 0
        assert "nput" not in str(caught.value)  # pydantic's own words
        assert caught.value.exit_code == 2


def test_settings_that_clash_are_named_as_they_are_written() -> None:
    clash = {"engine": "lanes", "device": "cuda"}
    for written, expected in (
        (as_flag, "--engine lanes runs on the CPU; --device cuda needs --engine torch."),
        (as_key, "engine = 'lanes' runs on the CPU; device = 'cuda' needs engine = 'torch'."),
    ):
        with pytest.raises(UsageError) as caught:
            Recipe.checked(clash, written)
        assert str(caught.value) == expected


def test_a_choice_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        Recipe.of(schedule="cycle")
    assert str(caught.value) == (
        "schedule = 'cycle' should be 'constant', 'cosine' or 'one-cycle' (did you mean 'one-cycle'?)."
    )


def test_two_impossible_values_are_both_named() -> None:
    with pytest.raises(
        UsageError, match=r"^epochs = 0 should be 1 or more; lr = -1 should be more than 0\.$"
    ):
        Recipe.of(epochs=0, lr=-1)


@given(SETTINGS)
def test_toml_keeps_every_setting(settings: dict[str, Any]) -> None:
    recipe = Recipe.of(**settings)
    document = tomllib.loads(recipe.to_toml())
    for name, value in settings.items():
        assert document[name] == (list(value) if isinstance(value, tuple) else value)
    assert Recipe.of(**document) == recipe


@pytest.mark.parametrize(
    "text", ['"', "\\", "'''", "ü 漢 🙂", "a\nb\t\0\x1f\x7f\x80\u2028", "# no comment", ""]
)
def test_toml_keeps_awkward_strings(text: str) -> None:
    assert tomllib.loads(Recipe.of(data=text).to_toml())["data"] == text


def test_read_gives_only_what_the_file_sets(tmp_path: Path) -> None:
    file = tmp_path / "r.toml"
    file.write_text("epochs = 3\nsize = [48, 64]\n", encoding="utf-8")
    assert Recipe.read(file) == {"epochs": 3, "size": [48, 64]}


def test_settings_win_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    file = tmp_path / "r.toml"
    file.write_text("epochs = 3\nlr = 0.5\n", encoding="utf-8")
    recipe = Recipe.of(**{**Recipe.read(file), "lr": 0.25})
    assert (recipe.epochs, recipe.lr, recipe.batch_size) == (3, 0.25, 64)
    assert recipe.model_dump(exclude_defaults=True) == {"epochs": 3, "lr": 0.25}
    again = recipe.but(epochs=None)
    assert (again.epochs, again.lr) == (None, 0.25)


@pytest.mark.parametrize(
    ("content", "kind", "names"),
    [
        (b"epoch = 3", UnknownName, "'epoch'"),
        (b"epochs = 0", UsageError, "epochs = 0 should be 1 or more"),
        (b"epochs = # \nlr = 1", UsageError, "line 1"),
        (b"\xff\xfe", UsageError, "utf-8"),
        (b"lr = inf", UsageError, "lr = inf should be a finite number"),
        (b"[data]\nname = 'mnist'", UsageError, "data = {'name': 'mnist'} should be text"),
    ],
)
def test_a_bad_file_is_named_with_what_is_bad(
    tmp_path: Path, content: bytes, kind: type[UsageError], names: str
) -> None:
    file = tmp_path / "bad.toml"
    file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        Recipe.read(file)
    assert type(caught.value) is kind
    assert str(file) in str(caught.value)
    assert names in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConvscopeError, match=r"there is no recipe .*none\.toml"):
        Recipe.read(tmp_path / "none.toml")
    with pytest.raises(UnknownName, match="unknown recipe 'mnist-fas': did you mean 'mnist-fast'"):
        Recipe.read(Path("mnist-fas"))
    with pytest.raises(ConvscopeError, match="cannot be read: Is a directory"):
        Recipe.read(tmp_path)
