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
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from contestants import Contestant

SHOWN = 1024  # first results that are told


class Remote:
    """The contestant `settings["contestant"]` of a case, at work elsewhere."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.flops: float | None = None  # known, as `chosen`, with the first results
        self.chosen: dict[str, Any] = {}

    def first_results(self) -> np.ndarray:
        """The losses of the first two steps, or the logits of the first batch; waits until it is made.

        Raises `Unavailable` with the reason where it cannot run here.
        """
        from native_engine import Unavailable

        answer = self._answer()
        if "unavailable" in answer:
            self.close()
            raise Unavailable(answer["unavailable"])
        self.flops, self.chosen = answer["flops"], answer["chosen"]
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
        from interleaved import timed
        from lanes_case import first_results
        from native_engine import Unavailable

        torch.set_num_threads(settings["threads"])
        try:
            contestant = _made(settings)
        except Unavailable as reason:
            print(json.dumps({"unavailable": str(reason)}), file=answers, flush=True)
            return
        first = first_results(contestant, settings["what"])[:SHOWN]
        told = {"first": first.tolist(), "flops": contestant.flops(), "chosen": contestant.chosen}
        print(json.dumps(told), file=answers, flush=True)
        for line in sys.stdin:
            print(json.dumps(timed(contestant, *json.loads(line))), file=answers, flush=True)


def _made(settings: Mapping[str, Any]) -> Contestant:
    name, threads = settings["contestant"], settings["threads"]
    if settings["what"] == "ship":
        from ship_contestants import SHIP, ShipCase

        return SHIP[name](ShipCase(settings["net"], settings["pictures"], threads))
    from contestants import CONTESTANTS, Case
    from lanes_case import data

    from convscope import nets

    case = Case(*data(nets.graph(settings["net"])), settings["batch_size"], threads)
    return CONTESTANTS[settings["what"]][name](case)


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # exporters and compilers tell their progress
    warnings.simplefilter("ignore")  # and what will change in their insides
    serve(json.loads(sys.argv[1]))
