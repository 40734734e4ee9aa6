"""Every setting of a training run, checked; `recipe.toml` is one, and replays the run."""

from __future__ import annotations

import difflib
import json
import shlex
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from .errors import ConvscopeError, UnknownName, UsageError
from .wrong_value import wanted

SHIPPED = Path(__file__).parent / "recipes"
TORCH = ("engine", "torch")
#: the settings that change training pictures, another way in each epoch, and what stands for no change
MOVES: Mapping[str, int | float | bool] = {
    "shift": 0,
    "crop": 0,
    "flip": False,
    "rotate": 0.0,
    "scale": 0.0,
    "brightness": 0.0,
    "contrast": 0.0,
    "cutout": 0,
    "mixup": 0.0,
}
#: the settings that keep more of a training and change nothing of it
WATCHING = ("watch", "watch_every")


class Recipe(BaseModel):
    """The settings of one training run, named as on the command line; frozen.

    A field that may be None is chosen for the data or the network when the run starts, and the run's
    `recipe.toml` holds what was chosen. Unknown names and impossible values raise `UsageError`.

    >>> Recipe.of(data="mnist", epochs=3).epochs
    3
    >>> Recipe.of(epoch=3)
    Traceback (most recent call last):
    convscope.errors.UnknownName: unknown setting 'epoch': did you mean 'epochs'? Known: ...
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    # data
    data: str = Field(
        "digits",
        description="a data set's name, or a path: a folder of class folders, an archive, a list or arrays",
    )
    data_dir: str | None = Field(None, description="where downloaded data sets lie; else CONVSCOPE_DATA")
    validation: float = Field(
        0.1, ge=0, lt=1, description="share of the training part held out to validate on"
    )
    test_fraction: float | None = Field(None, ge=0, lt=1, description="share held out to test on")
    size: int | tuple[int, int] | None = Field(
        None, description="a side such as 64, or height and width as 48x64 (in a recipe [48, 64])"
    )
    channels: Literal[1, 3] | None = Field(None, description="1 for grey, 3 for colour")
    resize: Literal["fit", "crop", "stretch"] | None = Field(None, description="how pictures get that size")
    invert: bool = Field(False, description="turn dark on light into light on dark")
    normalize: bool = Field(
        False, description="subtract the training pictures' mean, divide by their deviation"
    )
    strict: bool = Field(False, description="refuse a data set with a broken picture")
    # uneven classes
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="balanced: in the loss, pictures of a rare class count more"
    )
    sampling: Literal["shuffled", "balanced"] = Field(
        "shuffled", description="balanced: an epoch has as many pictures of each class"
    )
    # network
    net: str | None = Field(None, description="a name (`convscope nets`), or file.py:Class")
    pretrained: str | None = Field(
        None, description="begin with these weights: a .safetensors or .pth file, a run, or starter"
    )
    freeze: bool = Field(False, description="train the last layer alone; the others stay as they are")
    # augmentation
    augment: bool = Field(False, description="choose of these what suits the data; what is given wins")
    shift: int | None = Field(None, ge=0, description="move training pictures by up to so many pixels")
    crop: int | None = Field(None, ge=0, description="the same, with the picture's mirror image around it")
    flip: bool | None = Field(None, description="mirror half of the training pictures left to right")
    rotate: float | None = Field(None, ge=0, le=180, description="turn them by up to so many degrees")
    scale: float | None = Field(None, ge=0, le=0.9, description="zoom by up to this share; 0.1: 0.9 to 1.1")
    brightness: float | None = Field(None, ge=0, le=1, description="change it by up to this share")
    contrast: float | None = Field(None, ge=0, le=1, description="the same, about the picture's mean grey")
    cutout: int | None = Field(
        None, ge=0, description="cover a square of this side in every training picture"
    )
    mixup: float | None = Field(None, ge=0, le=100, description="mix with another, by Beta(mixup, mixup)")
    # optimisation
    epochs: int | None = Field(None, ge=1, description="passes over the training part")
    batch_size: int = Field(64, ge=1, description="pictures per step; the last batch may be smaller")
    optimizer: Literal["sgd", "adam", "adamw"] = Field("adamw", description="the rule of a step")
    lr: float | None = Field(None, gt=0, description="learning rate, the peak of a schedule")
    trunk_lr: float | None = Field(
        None, ge=0, description="learning rate of all layers but the last; else `lr`"
    )
    schedule: Literal["constant", "cosine", "one-cycle"] = Field("one-cycle", description="its course")
    momentum: float = Field(0.9, ge=0, lt=1, description="of sgd")
    nesterov: bool = Field(False, description="Nesterov momentum, of sgd")
    beta1: float = Field(0.9, ge=0, lt=1, description="decay of the mean gradient, of adam and adamw")
    beta2: float = Field(0.999, ge=0, lt=1, description="decay of the mean square, of adam and adamw")
    weight_decay: float | None = Field(None, ge=0, description="of every parameter, as in PyTorch")
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="share of the target spread over all classes")
    clip_norm: float | None = Field(None, gt=0, description="longest gradient, over all parameters")
    early_stopping: int | None = Field(None, ge=1, description="epochs without a better one before it stops")
    keep: Literal["best", "last"] = Field("best", description="which epoch's weights; best: in validation")
    # machine
    seed: int = Field(0, ge=0, description="of the split, the weights, the order and dropout")
    engine: Literal["auto", "lanes", "torch"] = Field(
        "auto", description="what computes the steps; auto: lanes on the CPU where it can"
    )
    device: Literal["cpu", "cuda", "mps"] = Field("cpu", description="where the torch engine runs")
    precision: Literal["float32", "bfloat16"] = Field("float32", description="bfloat16: autocast, of torch")
    checkpoint_minutes: float = Field(
        5.0, gt=0, description="between checkpoints within an epoch; each epoch ends with one"
    )
    watch: bool | None = Field(
        None, description="keep snapshots of filters and feature maps, for `convscope look RUN --gif`"
    )
    watch_every: int | None = Field(
        None, ge=1, description="steps between them; else about 60 in all, close together at first"
    )
    threads: int | None = Field(
        None, ge=1, description="CPU threads; all cores, but of the torch engine one for a small network"
    )

    @field_validator("data", "data_dir", "net", "pretrained")
    @classmethod
    def _can_be_written(cls, text: str | None) -> str | None:
        try:
            (text or "").encode()
        except UnicodeEncodeError:  # a path that is not UTF-8 has no place in recipe.toml
            raise ValueError("should be text in UTF-8") from None
        return text

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        annotation = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and bool not in (annotation, *get_args(annotation)):
            raise ValueError("should not be true or false")
        return value

    @model_validator(mode="after")
    def _check_together(self) -> Recipe:
        engine = ("engine", self.engine)
        if self.engine == "lanes" and self.device != "cpu":
            raise _Clash("{} runs on the CPU; {} needs {}", engine, ("device", self.device), TORCH)
        if self.engine == "lanes" and self.precision != "float32":
            raise _Clash("{} computes in float32; {} needs {}", engine, ("precision", self.precision), TORCH)
        if self.class_weights == "balanced" and self.sampling == "balanced":
            both = ("class_weights", self.class_weights), ("sampling", self.sampling)
            raise _Clash("{} and {} each make up for uneven classes by themselves; give one of them", *both)
        if self.shift and self.crop:
            sides = ("shift", self.shift), ("crop", self.crop)
            raise _Clash("{} and {} move pictures over different borders; give one of them", *sides)
        freeze = ("freeze", True)
        if self.freeze and self.trunk_lr is not None:
            rate = ("trunk_lr", self.trunk_lr)
            raise _Clash(
                "{} leaves all layers but the last as they are, {} does not; leave one out", freeze, rate
            )
        if self.freeze and self.watches:
            sentence = "{} leaves all filters as they are, so that {} has nothing to see; leave one out"
            given = ("watch", True) if self.watch else ("watch_every", self.watch_every)
            raise _Clash(sentence, freeze, given)
        for name in ("augment", *MOVES):
            if self.freeze and (value := getattr(self, name)):
                sentence = "{} looks at each picture once, and {} changes it in every epoch; leave one out"
                raise _Clash(sentence, freeze, (name, value))
        return self

    @property
    def watches(self) -> bool:
        """Whether the run keeps snapshots: `watch_every` alone asks for them too.

        >>> Recipe.of(watch_every=10).watches, Recipe.of(watch=False, watch_every=10).watches
        (True, False)
        """
        return self.watch_every is not None if self.watch is None else self.watch

    @classmethod
    def of(cls, **settings: Any) -> Recipe:
        """A recipe with these settings, the others at their defaults."""
        return cls.checked(settings, as_key)

    @classmethod
    def checked(cls, settings: Mapping[str, Any], written: Callable[[str, Any], str]) -> Recipe:
        """The same; what is wrong is said of settings as `written`: `as_key`, or `as_flag`."""
        for name in settings:
            if name not in cls.model_fields:
                raise UnknownName("setting", name, cls.model_fields)
        try:
            return cls(**settings)
        except ValidationError as error:
            raise UsageError(_explain(error, settings, written)) from None

    @classmethod
    def read(cls, path: Path) -> dict[str, Any]:
        """The settings in a TOML file, by name; raises `UsageError` naming the file and the setting.

        `path` may also be the name of a recipe that comes with convscope.

        >>> Recipe.read(Path("mnist-fast"))["net"]
        'convnet-bn-8-16'
        """
        shipped = {file.stem: file for file in SHIPPED.glob("*.toml")}
        if not path.exists():
            if path.suffix or path.parent != Path():
                raise ConvscopeError(
                    f"there is no recipe {path}{_near(path, shipped)} "
                    f"Convscope comes with {', '.join(shipped)}."
                )
            if str(path) not in shipped:
                raise UnknownName("recipe", str(path), shipped, "A file of your own is given by its path.")
            path = shipped[str(path)]
        try:
            settings = tomllib.loads(path.read_text("utf-8"))
            cls.of(**settings)
        except OSError as error:
            raise ConvscopeError(f"the recipe {path} cannot be read: {error.strerror}.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} is not a recipe: {error}.") from None
        except UsageError as error:
            error.args = (f"in {path}: {error}",)
            raise
        return settings

    def but(self, **settings: Any) -> Recipe:
        """A copy with some settings replaced."""
        return Recipe.of(**{**self.model_dump(), **settings})

    def to_toml(self) -> str:
        """The recipe as TOML, one setting per line; None is left out.

        >>> print(Recipe.of(data="mnist").to_toml().splitlines()[0])
        data = "mnist"
        """
        return "".join(
            f"{name} = {_toml(value)}\n" for name, value in self.model_dump().items() if value is not None
        )


def flag(name: str) -> str:
    """A setting as it is written on the command line.

    >>> flag("batch_size")
    '--batch-size'
    """
    return "--" + name.replace("_", "-")


def as_flag(name: str, value: Any) -> str:
    """A setting and its value as on the command line.

    >>> as_flag("batch_size", 64), as_flag("net", "my net.py"), as_flag("lr", -1.0)
    ('--batch-size 64', "--net 'my net.py'", '--lr -1')
    >>> as_flag("flip", True), as_flag("flip", False)
    ('--flip', '--no-flip')
    """
    if isinstance(value, bool):
        return flag(name if value else f"no_{name}")
    return f"{flag(name)} {shlex.quote(str(value)).removesuffix('.0')}"


def as_key(name: str, value: Any) -> str:
    """A setting and its value as in a recipe, or in Python.

    >>> as_key("batch_size", 64), as_key("net", "my net.py")
    ('batch_size = 64', "net = 'my net.py'")
    """
    return f"{name} = {value!r}"


def _near(path: Path, shipped: Iterable[str]) -> str:
    """The file beside it, or the recipe that comes with convscope, whose name is most like it."""
    beside = [str(file) for file in path.parent.glob("*.toml")]
    near = difflib.get_close_matches(str(path), beside, n=1)
    near = near or difflib.get_close_matches(path.stem, shipped, n=1)
    return f": did you mean {near[0]!r}?" if near else "."


class _Clash(ValueError):
    """Settings that do not go together; a `{}` in the sentence stands for each of them, however written."""

    def __init__(self, sentence: str, *settings: tuple[str, Any]) -> None:
        super().__init__(sentence)
        self.sentence, self.settings = sentence, settings


def _explain(error: ValidationError, settings: Mapping[str, Any], written: Callable[[str, Any], str]) -> str:
    sentences = []
    for problem in error.errors():
        if not problem["loc"]:  # of several settings together
            clash = problem["ctx"]["error"]
            sentences.append(clash.sentence.format(*(written(*setting) for setting in clash.settings)))
            continue
        name, *alternative = map(str, problem["loc"])
        should = f"should be {Recipe.model_fields[name].description}" if alternative else wanted(problem)
        sentences.append(f"{written(name, settings[name])} {should}")
    return "; ".join(dict.fromkeys(sentences)) + "."


def _toml(value: Any) -> str:
    """A TOML value; JSON's strings, numbers and arrays are TOML's too, but for the character DEL."""
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")
