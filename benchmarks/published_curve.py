"""The training curve of a published tutorial network, reproduced over several seeds.

    python benchmarks/published_curve.py

The network is `simple-cnn-4-8` on MNIST, pixels scaled to 0–1, batches of 64 with the last one kept, Adam at
a constant 1e-3, ten epochs; the loss of an epoch is the mean over its 938 batches. A published value is
reproduced where it lies within 2.5 standard deviations or 6 % of the mean.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from result_files import write_result
from seeds import mean_and_deviation

import convscope

PUBLISHED = (0.448, 0.152, 0.120, 0.103, 0.092, 0.085, 0.078, 0.074, 0.071, 0.067)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    curves, accuracies = [], []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            run = convscope.train(
                "mnist",
                net="simple-cnn-4-8",
                epochs=10,
                batch_size=64,
                lr=1e-3,
                optimizer="adam",
                schedule="constant",
                validation=0,
                seed=seed,
                out=Path(folder) / "run",
                quiet=True,
            )
        curves.append([figures.train_loss for figures in run.epochs])
        accuracies.append(run.evaluation.accuracy)
        print(f"seed {seed}: {' '.join(f'{loss:.3f}' for loss in curves[-1])}")
    rows, met = [], 0
    for epoch, (published, losses) in enumerate(zip(PUBLISHED, zip(*curves, strict=True), strict=True), 1):
        mean, deviation = mean_and_deviation(losses)
        reproduced = abs(published - mean) <= max(2.5 * deviation, 0.06 * mean)
        met += reproduced
        rows.append({"epoch": epoch, "published": published, "mean": mean, "deviation": deviation})
        verdict = "reproduced" if reproduced else "not reproduced"
        print(
            f"epoch {epoch:2}  published {published:.3f}  here {mean:.4f} ± {deviation:.4f}  "
            f"{(published - mean) / mean:+6.1%}  {(published - mean) / deviation:+5.1f} sd  {verdict}"
        )
    print(f"{met} of {len(PUBLISHED)} epochs reproduced over {seeds} seeds")
    mean, deviation = mean_and_deviation(accuracies)
    print(f"test accuracy {mean:.3%} ± {deviation:.3%}")
    write_result("published-curve", {"curves": curves, "epochs": rows, "test_accuracies": accuracies})


if __name__ == "__main__":
    main()
