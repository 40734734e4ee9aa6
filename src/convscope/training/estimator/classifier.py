"""A network as a scikit-learn classifier: arrays in, labels out, in pipelines and searches."""

from __future__ import annotations

import contextlib
import math
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_array, check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import assert_all_finite

from ... import native, nets
from ...bundle import Bundle
from ...data import ArrayPreprocessing, InputPreprocessing, Preprocessing
from ...errors import ConvscopeError, ConvscopeWarning, DataError, EstimatorError, UsageError
from ...recipe import MOVES, Recipe
from ..network import is_own
from ..prepare import Prepared
from ..progress import Lines, Silent
from .array_inputs import Axes, axes_of, fitting_arrays, fitting_pictures, is_of_pictures, stored
from .in_memory import Trained, prepare_arrays, train_arrays, train_more
from .samples import Samples

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # scikit-learn 1.5

    def validate_data(estimator: Any, X: Any, **checks: Any) -> Any:  # noqa: N803
        return estimator._validate_data(X, **checks)


#: constructor arguments that are fields of the recipe by the same name
SETTINGS = (
    *("epochs", "batch_size", "lr", "optimizer", "schedule", "momentum", "weight_decay", "label_smoothing"),
    *("clip_norm", "early_stopping", "validation", "sampling", *MOVES, "engine", "device", "threads"),
)
SMALL_SIDE, SMALLEST_SIDE = 32, 4  # of grey pictures that convnet-bn is for
SQUARE = 8  # a side from which on a row of side² numbers may be meant as a picture
DARK = 64  # of 255: pixels that are all below were perhaps not meant as bytes


class NotFitted(ConvscopeError, NotFittedError):  # type: ignore[misc]
    """A classifier is used before it was trained."""


class CNNClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A convolutional network as a scikit-learn classifier.

    The arguments are named as the recipe's, and mean the same (`help(convscope.Recipe)`); they are checked
    when `fit` is called. What is None is chosen: `net` (`convnet-bn` for small grey pictures, `resnet-8` for
    others, `simple-cnn-1d` for rows), `epochs` (about 4,000 steps, 5 to 20 epochs, and never fewer than 200
    steps), `lr`, `weight_decay`, `threads` (all cores, or as many as joblib leaves to a worker). `net` is a
    name of the catalogue, `file.py:Class`, or an `nn.Module` or its class.

    `validation` is the share of each class that is held out, to choose the best epoch by; 0 trains on all
    and keeps the last. `class_weight` is None, "balanced" or {label: weight}; `sampling="balanced"` shows
    each class equally often. `shift` to `mixup` change pictures of uint8, another way in each epoch.
    `normalize` is of uint8 pictures: subtract the mean, divide by the deviation.
    `random_state` decides everything that is random: with the same int the same bits. `verbose` prints a line
    per epoch to standard error.

    X is (N, H, W), (N, H, W, C), (N, C, H, W), or rows (N, F) with `image_shape` (H, W), (H, W, C) or
    (C, H, W); where it does not show which axis has the channels, `channels` is "first" or "last". Rows
    without an `image_shape` are signals, or for a network of pictures those of one row; for a network of
    signals X may also be (N, C, L). uint8 of one or three channels are pictures, as in every other command.
    Any other numbers are scaled by the mean and deviation of each channel in `fit` (in the first
    `partial_fit`), so that 0 to 1, 0 to 16 or 0 to 255 are all the same; features with scales of their own
    want a `StandardScaler` before. What is too small for a network of the catalogue is enlarged. y is any
    labels.

    After `fit`: `classes_`, `n_features_in_` (numbers of one input), `history_` (a record per epoch, or per
    `partial_fit`), and `bundle_`, which `save` keeps in a file and which predicts the same by itself.

    Of scikit-learn's `check_estimator` one check does not apply: that a weight of 2 gives the network that
    a repeated sample gives. The loss is so, but batches are drawn from the samples, repeated or not, and the
    scale of numbers is measured on them.

    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = CNNClassifier("simple-cnn-16-32", epochs=3, image_shape=(8, 8), random_state=0)
    >>> classifier.fit(X[:1500], y[:1500]).score(X[1500:], y[1500:]) > 0.8
    True
    >>> classifier.bundle_
    Bundle('simple-cnn-16-32', 10 classes, arrays of (1, 8, 8))
    """

    def __init__(
        self,
        net: Any = None,
        *,
        epochs: int | None = None,
        batch_size: int = 64,
        lr: float | None = None,
        optimizer: Literal["sgd", "adam", "adamw"] = "adamw",
        schedule: Literal["constant", "cosine", "one-cycle"] = "one-cycle",
        momentum: float = 0.9,
        weight_decay: float | None = None,
        label_smoothing: float = 0.0,
        clip_norm: float | None = None,
        validation: float = 0.0,
        early_stopping: int | None = None,
        class_weight: Literal["balanced"] | Mapping[Any, float] | None = None,
        sampling: Literal["shuffled", "balanced"] = "shuffled",
        shift: int = 0,
        crop: int = 0,
        flip: bool = False,
        rotate: float = 0.0,
        scale: float = 0.0,
        brightness: float = 0.0,
        contrast: float = 0.0,
        cutout: int = 0,
        mixup: float = 0.0,
        normalize: bool = False,
        image_shape: Sequence[int] | None = None,
        channels: Literal["first", "last"] | None = None,
        engine: Literal["auto", "lanes", "torch"] = "auto",
        device: Literal["cpu", "cuda", "mps"] = "cpu",
        threads: int | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.net = net
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.optimizer = optimizer
        self.schedule = schedule
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.clip_norm = clip_norm
        self.validation = validation
        self.early_stopping = early_stopping
        self.class_weight = class_weight
        self.sampling = sampling
        self.shift = shift
        self.crop = crop
        self.flip = flip
        self.rotate = rotate
        self.scale = scale
        self.brightness = brightness
        self.contrast = contrast
        self.cutout = cutout
        self.mixup = mixup
        self.normalize = normalize
        self.image_shape = image_shape
        self.channels = channels
        self.engine = engine
        self.device = device
        self.threads = threads
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803
        """Train on X and y from the beginning; `sample_weight` (N,) is how much each counts in the loss.

        A sample of weight 0 is left out. Raises `EstimatorError`, a `ValueError`, for what no training could
        use.
        """
        with _value_errors():
            for trained in ("bundle_", "history_", "_trained"):  # what fails leaves nothing half-trained
                self.__dict__.pop(trained, None)
            values, labels = self._inputs(X, reset=True), self._labels(y)
            self.classes_ = np.unique(labels)
            samples = Samples.of(values, labels, self.classes_, self.class_weight, sample_weight)
            if len(self.classes_) > 1 == len(present := np.unique(samples.positions)):
                label = self.classes_.tolist()[present[0]]
                raise DataError(f"only class {label!r} has a weight above 0; two or more classes should.")
            self._begin(samples.values)
            prepared = self._prepare(samples)
            self._keep(train_arrays(prepared, Lines() if self.verbose else Silent()))
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:  # noqa: N803
        """One more pass over X and y, with the optimiser as the calls before (or `fit`) left it.

        The learning rate is constant, `lr` or 0.001 (SGD: 0.01). The first call names all `classes` there
        will be. Raises `EstimatorError` for others later.
        """
        with _value_errors():
            first = not hasattr(self, "bundle_")
            if isinstance(self.class_weight, str):
                raise UsageError(
                    f"class_weight={self.class_weight!r} needs all samples at once, and partial_fit has a "
                    "part; give a dictionary, or sample_weight."
                )
            values, labels = self._inputs(X, reset=first), self._labels(y)
            self._take_classes(classes, first)
            samples = Samples.of(values, labels, self.classes_, self.class_weight, sample_weight)
            if first:
                self._begin(samples.values)
            prepared = self._prepare(samples, schedule="constant", validation=0, early_stopping=None)
            self._keep(train_more(prepared, None if first else self._trained))
        return self

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """The most probable label of each, (N,). Raises `NotFitted` before `fit`."""
        probabilities = self.predict_proba(X)
        labels: np.ndarray = self.classes_[probabilities.argmax(axis=1)]
        return labels

    def predict_proba(self, X: Any) -> np.ndarray:  # noqa: N803
        """The probability of each class, float32 (N, classes), in the order of `classes_`."""
        if not hasattr(self, "bundle_"):
            raise NotFitted("this CNNClassifier was not trained yet; call fit first.")
        with _value_errors():
            return self.bundle_.probabilities(self._stored(self._inputs(X, reset=False)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    # ---- what is given -------------------------------------------------------------------------------------

    def _inputs(self, X: Any, *, reset: bool) -> np.ndarray:  # noqa: N803
        """X as an array of numbers; with `reset` it says how many each has, else it is held to that."""
        axes = getattr(X, "ndim", None) or np.asarray(X).ndim
        if axes <= 2:
            rows: np.ndarray = validate_data(self, X, reset=reset)
            return self._like_before(rows, reset)
        values: np.ndarray = check_array(X, allow_nd=True)
        count = math.prod(values.shape[1:])
        if reset:
            self.n_features_in_ = count
            self.__dict__.pop("feature_names_in_", None)
        elif count != self.n_features_in_:
            expected = f"expecting {self.n_features_in_} features as input"
            raise DataError(f"X has {count} features, but CNNClassifier is {expected}.")
        return self._like_before(values, reset)

    def _like_before(self, values: np.ndarray, reset: bool) -> np.ndarray:
        if not reset and values.shape[1:] != self._axes.given:
            now, before = (("N", *map(str, shape)) for shape in (values.shape[1:], self._axes.given))
            raise DataError(f"X is ({', '.join(now)}), and was ({', '.join(before)}) at fit.")
        return values

    @staticmethod
    def _labels(y: Any) -> np.ndarray:
        labels: np.ndarray = column_or_1d(y, warn=True)
        assert_all_finite(labels, input_name="y")
        check_classification_targets(labels)
        return labels

    def _take_classes(self, classes: Any, first: bool) -> None:
        if classes is None:
            if first:
                raise UsageError(
                    "the first call of partial_fit needs classes, all labels that there will be."
                )
            return
        given = np.unique(column_or_1d(classes))
        if first:
            self.classes_ = given
        elif not np.array_equal(given, self.classes_):
            raise DataError(
                f"classes={given.tolist()} are not those of the first call, {self.classes_.tolist()}."
            )

    # ---- a training ----------------------------------------------------------------------------------------

    def _begin(self, values: np.ndarray) -> None:
        """What later calls of `partial_fit` and `predict` stand on: axes, network, scaling, seed."""
        if len(self.classes_) < 2:
            label = self.classes_.tolist()[0]
            raise DataError(f"y has one class, {label!r}; a classifier needs 2 or more classes.")
        self._seed = _seed(self.random_state)
        if self.net is None:
            signals = values.ndim == 2 and self.image_shape is None
        else:
            signals = not is_own(self.net) and len(nets.net(self.net).input_shape) == 2
        self._axes = axes_of(values.shape[1:], self.image_shape, self.channels, signals=signals)
        self._net = self.net if self.net is not None else _default_net(self._axes)
        _warn_of_what_is_unlikely(values, self._axes, guessed=signals and self.net is None)
        self._preprocessing: InputPreprocessing = self._scaling(values)

    def _scaling(self, values: np.ndarray) -> InputPreprocessing:
        axes = self._axes
        if is_of_pictures(values, axes):
            channels, height, width = axes.shape
            pictures = Preprocessing(height=height, width=width, channels=1 if channels == 1 else 3)
            if not is_own(self._net):
                pictures = fitting_pictures(self._net, axes)
            return pictures.with_statistics(stored(values, axes, pictures)) if self.normalize else pictures
        if moved := [name for name in MOVES if getattr(self, name)]:
            raise UsageError(
                f"{moved[0]}={getattr(self, moved[0])!r} changes pictures of uint8 with 1 or 3 channels, and "
                f"X is {values.dtype} with {axes.shape[0]}; give X as uint8."
            )
        arrays = ArrayPreprocessing(shape=axes.shape)
        if not is_own(self._net):
            arrays = fitting_arrays(self._net, axes)
        return arrays.with_statistics(stored(values, axes, arrays))

    def _stored(self, values: np.ndarray) -> np.ndarray:
        return stored(values, self._axes, self._preprocessing)

    def _prepare(self, samples: Samples, **settings: Any) -> Prepared:
        """The training of these samples with this classifier's settings, or others."""
        own = {name: _plain(getattr(self, name)) for name in SETTINGS}
        own["class_weights"] = "balanced" if isinstance(self.class_weight, str) else "none"
        own["threads"] = own["threads"] or _threads()
        recipe = Recipe.of(**{**own, "seed": self._seed, **settings})
        return prepare_arrays(
            stored(samples.values, self._axes, self._preprocessing),
            samples.positions,
            samples.weights,
            [str(label) for label in self.classes_],
            self._preprocessing,
            self._net,
            recipe,
        )

    def _keep(self, trained: Trained) -> None:
        self._trained = trained
        self.bundle_: Bundle = trained.bundle
        self.history_: list[dict[str, Any]] = [figures.to_dict() for figures in trained.history]


def _warn_of_what_is_unlikely(values: np.ndarray, axes: Axes, *, guessed: bool) -> None:
    """Rows that look like pictures, and pictures that are nearly black: both train, and badly."""
    side = math.isqrt(values[0].size)
    if guessed and values.ndim == 2 and side >= SQUARE and side * side == values.shape[1]:
        message = (
            f"each row of {side * side} numbers is taken for a signal; if it is a picture, "
            f"image_shape=({side}, {side}) says so."
        )
        warnings.warn(ConvscopeWarning("rows", message), stacklevel=4)
    if is_of_pictures(values, axes) and 0 < values.max() < DARK:
        message = (
            f"the brightest pixel of X is {values.max()} where white is 255; normalize=True, or X as floats, "
            "learns better."
        )
        warnings.warn(ConvscopeWarning("dark", message), stacklevel=4)


def _default_net(axes: Axes) -> str:
    if len(axes.shape) == 2:
        return "simple-cnn-1d"
    channels, height, width = axes.shape
    small = min(height, width) >= SMALLEST_SIDE and max(height, width) <= SMALL_SIDE
    return "convnet-bn" if channels == 1 and small else "resnet-8"


def _seed(random_state: Any) -> int:
    """An int is the seed itself; a generator, or NumPy's own where it is None, draws one."""
    if isinstance(random_state, int | np.integer):
        check_random_state(random_state)  # refuses negative ones in scikit-learn's words
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31))


def _threads() -> int | None:
    """As many threads as joblib leaves to a worker of several; None where it says nothing."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return min(int(limit), native.cores()) if limit.isdigit() and int(limit) > 0 else None


def _plain(value: Any) -> Any:
    """NumPy's numbers, of which a grid may be made, as Python's."""
    return value.item() if isinstance(value, np.generic) else value


@contextlib.contextmanager
def _value_errors() -> Iterator[None]:
    """Everything that convscope refuses is a `ValueError` too, which scikit-learn expects."""
    try:
        yield
    except ConvscopeError as error:
        raise EstimatorError(str(error)) from error
