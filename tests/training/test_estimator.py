"""`CNNClassifier`: scikit-learn's own checks, what it takes, and what it promises."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

from convscope import Bundle, CNNClassifier
from convscope.errors import ConvscopeError, ConvscopeWarning, EstimatorError, UsageError
from convscope.graph import initial_weights
from convscope.nets import graph
from convscope.training.batches import shuffled_batches
from convscope.training.evaluation import evaluate_bundle

from ..conftest import needs_lanes

#: the checks of scikit-learn that do not apply, and why
DO_NOT_APPLY = {
    "check_sample_weight_equivalence_on_dense_data": "batches are drawn from the samples, repeated or not, "
    "and the scale of numbers is measured on them; the loss alone is the same",
}


@needs_lanes
@parametrize_with_checks([CNNClassifier()])
def test_the_checks_of_scikit_learn(estimator: CNNClassifier, check: Any) -> None:
    if check.func.__name__ in DO_NOT_APPLY:
        with pytest.raises(AssertionError, match="sample_weight"):
            check(estimator)
    else:
        check(estimator)


def digits(count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """float64 (count, 8, 8) of 0..16, and labels."""
    data = load_digits()
    return data.images[:count], data.target[:count]


def pixels(count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    images, labels = digits(count)
    return (images * 15).astype(np.uint8), labels


def small(**settings: Any) -> CNNClassifier:
    return CNNClassifier(**{"net": "simple-cnn-16-32", "epochs": 2, "random_state": 0, **settings})


def same(first: CNNClassifier, second: CNNClassifier) -> bool:
    """Whether they have the same weights, to the bit."""
    mine, theirs = first.bundle_.weights, second.bundle_.weights
    return mine.keys() == theirs.keys() and all(np.array_equal(mine[name], theirs[name]) for name in mine)


# ---- what it takes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [digits, pixels])
def test_grey_pictures_in_every_form_are_the_same(make: Any) -> None:
    X, y = make()
    expected = small().fit(X, y)
    forms: list[tuple[np.ndarray, dict[str, Any]]] = [
        (X[..., None], {}),
        (X[:, None], {}),
        (X.reshape(-1, 64), {"image_shape": (8, 8)}),
        (X.reshape(-1, 64), {"image_shape": (8, 8, 1)}),
        (X.reshape(-1, 64), {"image_shape": (1, 8, 8)}),
        (X[..., None], {"channels": "last", "image_shape": [8, 8, 1]}),
    ]
    for values, settings in forms:
        classifier = small(**settings).fit(values, y)
        assert same(classifier, expected)
        assert classifier.n_features_in_ == 64
        np.testing.assert_array_equal(classifier.predict_proba(values), expected.predict_proba(X))


def test_colour_pictures_in_every_form_are_the_same() -> None:
    random = np.random.default_rng(0)
    X, y = random.integers(0, 256, (60, 8, 9, 3)).astype(np.uint8), np.arange(60) % 2
    expected = small().fit(X, y)
    assert expected.bundle_.preprocessing.input_shape == (3, 8, 9)
    first = X.transpose(0, 3, 1, 2)
    assert same(small().fit(first, y), expected)
    assert same(small(image_shape=(3, 8, 9)).fit(first.reshape(60, -1), y), expected)
    assert same(small(image_shape=(8, 9, 3), channels="last").fit(X.reshape(60, -1), y), expected)
    np.testing.assert_array_equal(small().fit(first, y).predict(first), expected.predict(X))


@pytest.mark.parametrize("shape", [(20, 3, 8, 3), (20, 1, 8, 3), (20, 8, 8, 4), (20, 4, 8, 8)])
def test_an_ambiguous_shape_asks_which(shape: tuple[int, ...]) -> None:
    X, y = np.random.default_rng(0).random(shape), np.arange(20) % 2
    with pytest.raises(EstimatorError, match=r'which axis has the channels; give channels="first" for'):
        small().fit(X, y)
    for channels, at in (("first", 1), ("last", 3)):
        classifier = small(channels=channels).fit(X, y)
        assert classifier.bundle_.preprocessing.channels == shape[at]
        assert classifier.predict(X).shape == (20,)


def test_many_channels_are_scaled_each_by_itself() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(40, 4, 8, 8)) * [[[[1]], [[100]], [[1e-3]], [[1]]]] + 7
    preprocessing = small(channels="first").fit(X, np.arange(40) % 2).bundle_.preprocessing
    batch = preprocessing.batch(X.astype(np.float32))
    np.testing.assert_allclose(batch.mean((0, 2, 3)), 0, atol=2e-2)  # float32 of 7 ± 0.001
    np.testing.assert_allclose(batch.std((0, 2, 3)), 1, atol=2e-2)


def test_the_scale_of_floats_does_not_matter() -> None:
    X, y = digits()
    expected = small().fit(X, y).predict_proba(X)
    for scaled in (X / 16, X * 1024, (X - 8) / 4, X.astype(np.int16), X.astype(np.float16)):
        np.testing.assert_allclose(small().fit(scaled, y).predict_proba(scaled), expected, atol=1e-4)


def test_rows_without_a_shape_are_signals_or_pictures_of_a_row() -> None:
    X, y = digits()
    rows = X.reshape(-1, 64)[:, :60]
    assert repr(CNNClassifier(epochs=1).fit(rows, y).bundle_).endswith("10 classes, signals of (1, 60))")
    assert CNNClassifier("resnet-8", epochs=1).fit(rows, y).bundle_.graph.input_shape == (1, 1, 60)
    signals = np.random.default_rng(0).random((40, 2, 50))
    classifier = CNNClassifier("simple-cnn-1d", epochs=1, random_state=0).fit(signals, np.arange(40) % 2)
    assert classifier.bundle_.graph.input_shape == (2, 50)
    last = CNNClassifier("simple-cnn-1d", epochs=1, random_state=0, channels="last")
    assert same(last.fit(signals.transpose(0, 2, 1), np.arange(40) % 2), classifier)


@pytest.mark.parametrize("make", [digits, pixels])
def test_what_is_too_small_for_a_network_is_enlarged(make: Any) -> None:
    X, y = make()
    classifier = CNNClassifier("simple-cnn-4-8", epochs=2).fit(X, y)
    assert classifier.bundle_.graph.input_shape == (1, 16, 16)
    predictions = classifier.bundle_.predict(list(X[:5]))
    assert [p.label for p in predictions] == [str(label) for label in classifier.predict(X[:5])]
    assert CNNClassifier(epochs=1).fit(X[:, :2, :2].reshape(-1, 4), y).bundle_.graph.input_shape == (1, 4)


@pytest.mark.parametrize(
    "labels", [["nought", "one"], [-1, 1], [False, True], [0.0, 1.0], np.array(["b", "a"], dtype=object)]
)
def test_labels_of_any_kind_come_back(labels: Any) -> None:
    X, y = digits(200)
    X, y = X[y < 2], np.array(labels)[y[y < 2]]
    classifier = small(epochs=20).fit(X, y)
    np.testing.assert_array_equal(classifier.classes_, np.unique(y))
    assert classifier.predict(X).dtype == y.dtype
    assert (classifier.predict(X) == y).mean() > 0.95
    assert classifier.bundle_.classes == tuple(map(str, np.unique(y)))


def test_what_was_pictures_takes_whole_numbers_later() -> None:
    X, y = pixels()
    classifier = small().fit(X, y)
    np.testing.assert_array_equal(classifier.predict_proba(X.astype(float)), classifier.predict_proba(X))
    for values in (X / 255, X.astype(float) - 1, X.astype(int) + 100):
        with pytest.raises(EstimatorError, match=r"trained on pictures of uint8, and X is (float|int)64"):
            classifier.predict(values)


# ---- what it promises ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [digits, pixels])
def test_the_bundle_predicts_the_same(make: Any, tmp_path: Path) -> None:
    X, y = make()
    classifier = small().fit(X, y)
    classifier.bundle_.save(tmp_path / "digits.safetensors")
    for bundle in (classifier.bundle_, Bundle.load(tmp_path / "digits.safetensors")):
        predictions = bundle.predict(list(X[:50]), top=10)
        assert [p.label for p in predictions] == [str(label) for label in classifier.predict(X[:50])]
        for prediction, row in zip(predictions, classifier.predict_proba(X[:50]), strict=True):
            assert dict(prediction.top) == {str(k): float(p) for k, p in enumerate(row)}
    if make is pixels:
        assert evaluate_bundle(classifier.bundle_, "digits")[0].count == 359
    with pytest.raises(UsageError, match="trained on arrays in memory, which are not kept; give the data"):
        evaluate_bundle(classifier.bundle_)
    assert classifier.bundle_.info["recipe"]["net"] == "simple-cnn-16-32"
    assert classifier.bundle_.info["recipe"]["lr"] == 0.005


def test_the_digits_are_learned() -> None:
    X, y = pixels(1797)
    classifier = CNNClassifier(random_state=0).fit(X[:1400], y[:1400])
    assert classifier.bundle_.net == "convnet-bn"
    assert classifier.score(X[1400:], y[1400:]) > 0.95
    assert len(classifier.history_) == 20
    assert [record["epoch"] for record in classifier.history_] == list(range(1, 21))
    assert classifier.history_[0]["validation_loss"] is None


def test_validation_chooses_the_epoch() -> None:
    X, y = pixels()
    classifier = small(validation=0.2, epochs=30, early_stopping=3).fit(X, y)
    accuracies = [(r["validation_accuracy"], -r["validation_loss"]) for r in classifier.history_]
    best = accuracies.index(max(accuracies)) + 1
    assert classifier.bundle_.info["metrics"] == {"epoch": best}
    assert len(classifier.history_) in (best + 3, 30)


def test_the_same_random_state_gives_the_same_bits() -> None:
    X, y = pixels()
    one = small().fit(X, y)
    assert same(small().fit(X, y), one)
    assert same(one.fit(X, y), small(threads=1).fit(X, y))
    assert not same(small(random_state=1).fit(X, y), one)
    assert not same(small(random_state=None).fit(X, y), small(random_state=None).fit(X, y))
    drawn = [small(random_state=np.random.RandomState(3)).fit(X, y) for _ in range(2)]
    assert same(*drawn)


def test_it_is_pickled_copied_and_cloned() -> None:
    X, y = digits()
    classifier = small().partial_fit(X, y, classes=range(10))
    file = io.BytesIO()
    joblib.dump(classifier, file)
    file.seek(0)
    copies = [pickle.loads(pickle.dumps(classifier)), copy.deepcopy(classifier), joblib.load(file)]
    expected = classifier.predict_proba(X)
    for other in copies:
        np.testing.assert_array_equal(other.predict_proba(X), expected)
        assert other.history_ == classifier.history_
    classifier.partial_fit(X, y)
    for other in copies:  # the optimiser goes on from where it was, too
        assert same(other.partial_fit(X, y), classifier)
    fresh = clone(classifier)
    assert fresh.get_params() == classifier.get_params()
    with pytest.raises(NotFittedError):
        fresh.predict(X)


@needs_lanes
def test_searches_pipelines_and_cross_validation() -> None:
    X, y = digits(600)
    rows = X.reshape(-1, 64)
    nets = {"net": ["simple-cnn-4-8", "simple-cnn-16-32"], "lr": np.array([0.01])}
    base = CNNClassifier(epochs=np.int64(4), image_shape=(8, 8), random_state=0)
    searches = [
        GridSearchCV(base, nets, cv=3, n_jobs=jobs, error_score="raise").fit(rows, y) for jobs in (1, 2)
    ]
    np.testing.assert_array_equal(
        searches[0].cv_results_["mean_test_score"], searches[1].cv_results_["mean_test_score"]
    )
    assert searches[0].best_params_["net"] == "simple-cnn-16-32"
    assert searches[0].best_score_ > 0.8
    assert same(searches[0].best_estimator_, searches[1].best_estimator_)
    pipeline = make_pipeline(StandardScaler(), base)
    scores = cross_val_score(pipeline, rows, y, cv=3, n_jobs=2, error_score="raise")
    assert scores.min() > 0.7
    assert pipeline.fit(rows, y, cnnclassifier__sample_weight=np.ones(600)).score(rows, y) > 0.7


def test_both_engines_learn_the_same() -> None:
    X, y = digits()
    settings = {"epochs": 1, "lr": 1e-3, "optimizer": "sgd", "schedule": "constant"}
    lanes, torch = (small(engine=engine, **settings).fit(X, y) for engine in ("auto", "torch"))
    np.testing.assert_allclose(lanes.predict_proba(X), torch.predict_proba(X), atol=1e-5)


def test_a_network_of_ones_own() -> None:
    class Own(nn.Module):
        def __init__(self, num_classes: int) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 8, 3)
            self.fc = nn.Linear(8 * 36, num_classes)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(F.relu(self.conv(x)).flatten(1))

    X, y = digits()
    classifier = CNNClassifier(Own, epochs=5, random_state=0)
    assert cross_val_score(classifier, X, y, cv=3, error_score="raise").mean() > 0.6
    assert classifier.fit(X, y).bundle_.net == "Own"


# ---- weights ---------------------------------------------------------------------------------------------


def test_a_sample_that_weighs_nothing_is_left_out() -> None:
    X, y = digits()
    weights = (np.arange(400) % 3 > 0).astype(float)
    counted = weights > 0
    assert same(small().fit(X, y, sample_weight=weights), small().fit(X[counted], y[counted]))


@pytest.mark.parametrize("make", [digits, pixels])
def test_class_weights_are_sample_weights(make: Any) -> None:
    X, y = make(200)
    X, y = X[y < 3], y[y < 3]
    keep = (y > 0) | (np.arange(len(y)) % 4 == 0)
    X, y = X[keep], y[keep]
    given = {0: 3.0, 1: 0.5, 2: 1.0}
    for class_weight in ("balanced", given):
        classifier = small(class_weight=class_weight).fit(X, y)
        weights = compute_sample_weight(class_weight, y)
        expected = small().fit(X, y, sample_weight=weights)
        np.testing.assert_allclose(classifier.predict_proba(X), expected.predict_proba(X), atol=1e-5)
        assert not same(classifier, small().fit(X, y))
    both = small(class_weight=given).fit(X, y, sample_weight=np.linspace(0.1, 2, len(y)))
    weights = compute_sample_weight(given, y) * np.linspace(0.1, 2, len(y))
    assert same(both, small().fit(X, y, sample_weight=weights))


@pytest.mark.parametrize("settings", [{"class_weight": "balanced"}, {"sampling": "balanced"}])
def test_a_rare_class_is_found_more_often(settings: dict[str, str]) -> None:
    random = np.random.default_rng(0)

    def draw(*counts: int) -> tuple[np.ndarray, np.ndarray]:
        y = np.repeat([0, 1], counts)
        return random.normal(size=(len(y), 6, 6)) + 0.35 * y[:, None, None], y

    (X, y), (rare, _) = draw(600, 30), draw(0, 300)
    recall = {
        name: small(epochs=3, **own).fit(X, y).predict(rare).mean()
        for name, own in (("plain", {}), ("balanced", settings))
    }
    assert recall["balanced"] > recall["plain"] + 0.2


# ---- partial_fit -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", [pytest.param("lanes", marks=needs_lanes), "torch"])
def test_partial_fit_is_a_loop_in_pytorch_that_goes_on(engine: str) -> None:
    X, y = digits(300)
    parts = [slice(0, 130), slice(130, 300), slice(0, 90)]
    weights = np.linspace(0.5, 2, 300)
    classifier = small(engine=engine, label_smoothing=0.1, weight_decay=0.02, batch_size=50)
    for part in parts:
        classifier.partial_fit(X[part], y[part], classes=range(10), sample_weight=weights[part])

    first = X[parts[0]]
    scaled = torch.from_numpy(((X - first.mean()) / first.std()).astype(np.float32))[:, None]
    structure = graph("simple-cnn-16-32", (1, 8, 8), 10)
    module = structure.to_module(initial_weights(structure, 0)).train()
    rule = torch.optim.AdamW(module.parameters(), lr=0.001, weight_decay=0.02)
    for number, part in enumerate(parts, start=1):
        for at in shuffled_batches(len(y[part]), 50, 0, number):
            rule.zero_grad()
            losses = F.cross_entropy(
                module(scaled[part][at]), torch.from_numpy(y[part][at]), reduction="none", label_smoothing=0.1
            )
            w = torch.from_numpy(weights[part][at]).float()
            ((w * losses).sum() / w.sum()).backward()
            rule.step()
    for name, value in module.state_dict().items():
        np.testing.assert_allclose(classifier.bundle_.weights[name], value.numpy(), rtol=1e-3, atol=1e-5)
    assert [record["epoch"] for record in classifier.history_] == [1, 2, 3]


def test_a_part_may_have_one_class() -> None:
    X, y = digits(100)
    classifier = small().partial_fit(X[y == 3], y[y == 3], classes=range(10))
    classifier.partial_fit(X, y, sample_weight=y == 4)
    assert classifier.predict_proba(X).shape == (100, 10)


def test_partial_fit_learns_and_goes_on_after_fit() -> None:
    X, y = pixels(1000)
    classifier = small(lr=0.005, random_state=0)
    for _ in range(4):
        for start in range(0, 800, 200):
            classifier.partial_fit(X[start : start + 200], y[start : start + 200], classes=np.arange(10))
    assert classifier.score(X[800:], y[800:]) > 0.85
    fitted = small().fit(X[:800], y[:800])
    before = fitted.score(X[:800], y[:800])
    fitted.partial_fit(X[:800], y[:800]).partial_fit(X[:800], y[:800])
    assert len(fitted.history_) == 4
    assert fitted.score(X[:800], y[:800]) > before


def test_what_is_usual_is_known_of_all_samples_and_not_of_a_part() -> None:
    X, y = digits(100)
    classifier = small().fit(X, y)
    assert classifier.bundle_.usual is not None
    assert classifier.partial_fit(X[:40], y[:40]).bundle_.usual is None


def test_what_partial_fit_refuses() -> None:
    X, y = digits(100)
    with pytest.raises(EstimatorError, match="the first call of partial_fit needs classes"):
        small().partial_fit(X, y)
    with pytest.raises(EstimatorError, match="y has 5, which is not among the classes of the first call"):
        small().partial_fit(X, y, classes=range(5))
    classifier = small().partial_fit(X[y < 5], y[y < 5], classes=range(5))
    before = classifier.predict_proba(X)
    with pytest.raises(EstimatorError, match="y has 5, which is not among the classes"):
        classifier.partial_fit(X, y)
    with pytest.raises(
        EstimatorError, match=r"classes=\[0, 1\] are not those of the first call, \[0, 1, 2, 3"
    ):
        classifier.partial_fit(X[:2], y[:2], classes=[0, 1])
    with pytest.raises(EstimatorError, match="X has 56 features, but CNNClassifier is expecting 64"):
        classifier.partial_fit(X[:, 1:], y)
    np.testing.assert_array_equal(classifier.predict_proba(X), before)
    with pytest.raises(EstimatorError, match="class_weight='balanced' needs all samples at once"):
        small(class_weight="balanced").partial_fit(X, y, classes=range(10))


# ---- errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"net": "convnet-bm"}, "unknown network 'convnet-bm': did you mean 'convnet-bn'"),
        ({"epochs": 0}, "epochs = 0 should be"),
        ({"lr": -1.0}, r"lr = -1\.0 should be"),
        ({"optimizer": "adm"}, "optimizer = 'adm' should be"),
        ({"validation": 1.0}, r"validation = 1\.0 should be"),
        ({"early_stopping": 2}, "early_stopping needs validation pictures; give validation=0.1"),
        ({"channels": "middle"}, 'channels=\'middle\' should be "first" or "last"'),
        ({"image_shape": (7, 8)}, r"image_shape=\(7, 8\) has 56 numbers, and each of X is 8×8"),
        ({"image_shape": "8x8"}, r"image_shape='8x8' should be \(height, width\)"),
        ({"image_shape": 8}, r"image_shape=8 should be \(height, width\)"),
        ({"class_weight": "even"}, "class_weight='even' should be None, \"balanced\" or a dictionary"),
        ({"class_weight": {3: -1.0}}, "has a negative weight; weights are 0 or more"),
        ({"class_weight": "balanced", "sampling": "balanced"}, "each make up for uneven classes"),
        ({"flip": True}, "flip=True changes pictures of uint8 with 1 or 3 channels, and X is float64 with 1"),
        ({"shift": 3}, "shift=3 changes pictures of uint8"),
        ({"mixup": 0.2}, "mixup=0.2 changes pictures of uint8"),
        ({"device": "cuda", "engine": "lanes"}, "engine = 'lanes' runs on the CPU"),
        ({"lr": 1e30, "optimizer": "sgd", "schedule": "constant"}, "the loss stopped being a number"),
    ],
)
def test_settings_that_no_training_could_use(settings: dict[str, Any], words: str) -> None:
    X, y = digits(100)
    with pytest.raises(EstimatorError, match=words) as caught:
        small(**settings).fit(X, y)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, ConvscopeError)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (-np.ones(100), r"sample_weight has -1\.0; weights are 0 or more"),
        (np.zeros(100), "zero"),  # in scikit-learn's words since 1.8
        (np.ones(99), "sample_weight"),
    ],
)
def test_weights_that_no_training_could_use(weights: np.ndarray, words: str) -> None:
    X, y = digits(100)
    with pytest.raises(ValueError, match=words):
        small().fit(X, y, sample_weight=weights)


def test_data_that_no_training_could_use() -> None:
    X, y = digits(100)
    with pytest.raises(EstimatorError, match="y has one class"):
        small().fit(X, np.zeros(100))
    with pytest.raises(EstimatorError, match="only class 0 has a weight above 0; two or more classes"):
        small().fit(X, y, sample_weight=y == 0)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        small().fit(X, y[:-1])
    with pytest.raises(ValueError, match="contains NaN"):
        small().fit(np.where(X > 15, np.nan, X), y)
    with pytest.raises(EstimatorError, match=r"is not finite in float32"):
        small().fit(X * 1e300, y)
    with pytest.raises(EstimatorError, match=r"pictures are \(N, H, W\) or with channels"):
        small().fit(X[:, None, None], y)
    with pytest.raises(EstimatorError, match=r"signals are \(N, L\) or \(N, C, L\), and X is \(N, 1, 8, 8\)"):
        small(net="simple-cnn-1d").fit(X[:, None], y)
    with pytest.raises(EstimatorError, match=r"class 'False' has 1 picture, and a split needs at least 2"):
        small(validation=0.2).fit(X, np.arange(100) > 0)
    classifier = small().fit(X, y)
    with pytest.raises(ValueError, match="X has 63 features, but CNNClassifier is expecting 64"):
        classifier.predict(X.reshape(-1, 64)[:, 1:])
    with pytest.raises(EstimatorError, match=r"X is \(N, 64\), and was \(N, 8, 8\) at fit"):
        classifier.predict(X.reshape(-1, 64))


def test_a_classifier_that_was_not_fitted_says_so() -> None:
    for error in (NotFittedError, ConvscopeError, ValueError):
        with pytest.raises(error, match="this CNNClassifier was not trained yet; call fit first"):
            CNNClassifier().predict(np.zeros((1, 8, 8)))


def test_a_fit_that_fails_leaves_nothing_half_trained() -> None:
    X, y = pixels(100)
    classifier = small().fit(X, y)
    with pytest.raises(EstimatorError, match="--shift 8 is too much for pictures of 8×8"):
        classifier.set_params(shift=8).fit(X[:50], y[:50] > 4)
    with pytest.raises(NotFittedError):
        classifier.predict(X)
    assert classifier.set_params(shift=1, flip=True).fit(X, y).predict(X).dtype == y.dtype


@needs_lanes
@pytest.mark.parametrize(
    "moves",
    [{"rotate": 20.0}, {"scale": 0.2}, {"brightness": 0.3, "contrast": 0.3}, {"cutout": 3}, {"mixup": 0.5}],
)
def test_both_engines_change_pictures_the_same_way(moves: dict[str, Any]) -> None:
    X, y = pixels(200)
    settings = {"epochs": 1, "lr": 1e-2, "optimizer": "sgd", "schedule": "constant"}
    lanes, torch = (small(engine=engine, **settings, **moves).fit(X, y) for engine in ("lanes", "torch"))
    np.testing.assert_allclose(lanes.predict_proba(X), torch.predict_proba(X), atol=1e-5)
    plain = small(**settings).fit(X, y)
    assert abs(lanes.predict_proba(X) - plain.predict_proba(X)).max() > 1e-4


@pytest.mark.parametrize("axes", [2, 3])
def test_a_file_of_signals_measures_a_classifier_of_rows(axes: int, tmp_path: Path) -> None:
    X, y = digits()
    X = X.reshape(-1, 64)
    classifier = CNNClassifier("simple-cnn-1d", epochs=2, random_state=0).fit(X[:300], y[:300])
    train, test = np.split(X if axes == 2 else X[:, None], [300])
    path = tmp_path / "rows.npz"
    np.savez(path, signals=train, labels=y[:300], test_signals=test, test_labels=y[300:])
    evaluation, _ = evaluate_bundle(classifier.bundle_, str(path))
    assert (evaluation.split, evaluation.count) == ("test", 100)
    assert evaluation.accuracy == classifier.score(X[300:], y[300:])


def test_one_sample_at_a_time() -> None:
    X, y = digits(4)
    for net in ("convnet-bn", "resnet-8"):
        classifier = CNNClassifier(net).partial_fit(X, y, classes=range(10))
        for one in range(4):
            classifier.partial_fit(X[one : one + 1], y[one : one + 1])
        assert np.isfinite(classifier.predict_proba(X)).all()


def test_verbose_prints_a_line_per_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    X, y = pixels(100)
    small().fit(X, y)
    assert capsys.readouterr() == ("", "")
    small(verbose=True).fit(X, y)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Training simple-cnn-16-32 (")
    assert [line.split("  ")[0] for line in lines[-2:]] == ["epoch 1/2", "epoch 2/2"]
    assert max(map(len, lines)) <= 80


@needs_lanes
def test_what_is_imported_when() -> None:
    code = (
        "import sys, convscope\n"
        "assert not {'sklearn', 'torch'} & set(sys.modules)\n"
        "import numpy\n"
        "X = numpy.random.default_rng(0).random((40, 8, 8))\n"
        "classifier = convscope.CNNClassifier(epochs=1).fit(X, numpy.arange(40) % 2)\n"
        "classifier.predict(X), classifier.partial_fit(X, numpy.arange(40) % 2)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_what_is_unlikely_is_said() -> None:
    X, y = pixels(100)
    with pytest.warns(ConvscopeWarning, match=r"row of 64 numbers .* image_shape=\(8, 8\) says so"):
        CNNClassifier(epochs=1).fit(X.reshape(len(X), -1).astype(float), y)
    with pytest.warns(ConvscopeWarning, match=r"the brightest pixel of X is 1\d where white is 255"):
        CNNClassifier(epochs=1).fit(X // 16, y)
