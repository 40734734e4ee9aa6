"""Accuracy of the default settings over several seeds, as docs/results.md prints it.

    python benchmarks/accuracy.py digits            # the default `convscope train`, five seeds
    python benchmarks/accuracy.py mnist --net convnet-bn --seeds 3

Each test set is read once per seed, at the end of its run.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from result_files import write_result
from seeds import mean_and_deviation

import convscope


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--net")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seeds", type=int, default=5)
    words = parser.parse_args()
    accuracies, seconds, run = [], [], None
    for seed in range(words.seeds):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "run"
            run = convscope.train(
                words.data, net=words.net, seed=seed, epochs=words.epochs, out=out, quiet=True
            )
        accuracies.append(run.evaluation.accuracy)
        seconds.append(run.seconds)
        print(
            f"seed {seed}: {run.evaluation.split} accuracy {run.evaluation.accuracy:.4%}, {run.seconds:.1f} s"
        )
    assert run is not None
    mean, deviation = mean_and_deviation(accuracies)
    print(f"{run.bundle.net} on {words.data}: {mean:.3%} ± {deviation:.3%} over {words.seeds} seeds")
    result = {
        "net": run.bundle.net,
        "split": run.evaluation.split,
        "count": run.evaluation.count,
        "accuracies": accuracies,
        "mean": mean,
        "deviation": deviation,
        "seconds": seconds,
        "recipe": run.recipe.model_dump(exclude={"seed", "data_dir"}),
    }
    write_result(f"accuracy-{words.data}-{run.bundle.net}", result)


if __name__ == "__main__":
    main()
