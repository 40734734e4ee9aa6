"""One contestant in a process of its own, so that no other's threads or memory are in its way.

`python contestant_process.py SETTINGS` makes it, and answers requests, a line of JSON each way. `Remote` is
the other end.
"""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


class Remote:
    """The contestant `settings["contestant"]` of a case, at work elsewhere."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.flops: float | None = None

    def first_results(self) -> np.ndarray:
        """The losses of the first two steps, or the logits of the first batch; waits until it is made.

        Raises `Unavailable` with the reason where it cannot run here.
        """
        from native_engine import Unavailable

        answer = self._answer()
        if "unavailable" in answer:
            self.close()
            raise Unavailable(answer["unavailable"])
        self.flops = answer["flops"]
        return np.array(answer["first"])

    def slice(self, first: int, seconds: float) -> tuple[int, float, float]:
        """Steps done from `first` on, seconds used, and the share of all cores that other processes took."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([first, seconds]) + "\n")
        self._process.stdin.flush()
        steps, elapsed, others = self._answer()
        return steps, elapsed, others

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a contestant's process ended with {self._process.wait()}")
        return json.loads(line)


def serve(settings: Mapping[str, Any]) -> None:
    """Make the contestant, tell its first results, and then do slices as they are asked for."""
    answers = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        import torch
        from contestants import CONTESTANTS, Case
        from interleaved import timed
        from lanes_case import data, first_results
        from native_engine import Unavailable

        from convscope import nets

        torch.set_num_threads(settings["threads"])
        case = Case(*data(nets.graph(settings["net"])), settings["batch_size"], settings["threads"])
        try:
            contestant = CONTESTANTS[settings["what"]][settings["contestant"]](case)
        except Unavailable as reason:
            print(json.dumps({"unavailable": str(reason)}), file=answers, flush=True)
            return
        told = {"first": first_results(contestant, settings["what"]).tolist(), "flops": contestant.flops()}
        print(json.dumps(told), file=answers, flush=True)
        for line in sys.stdin:
            print(json.dumps(timed(contestant, *json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # exporters and compilers tell their progress
    warnings.simplefilter("ignore")  # and what will change in their insides
    serve(json.loads(sys.argv[1]))
