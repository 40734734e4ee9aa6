"""How quickly the studio is there, and how quickly its maps follow a pen.

    python benchmarks/studio.py --loads 15 --strokes 60

`first load`: what the first screen asks for before it is at rest, as it goes over the network (compressed as
the server sends it), and the time from the navigation to the load event and to the first prediction that is
drawn, in contexts without a cache. `maps`: a 28×28 drawing in untrained:simple-cnn-16-32, from the change of
the picture to the frame in which the maps are drawn again, as the page measures it (`performance.measure`),
for each stroke of a pen. Chromium without a window, on the machine that serves.
"""

from __future__ import annotations

import argparse
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from result_files import RESULTS, write_result

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NET = "untrained:simple-cnn-16-32"
# Milliseconds since the navigation began, redirect included, at the frame in which the prediction is there.
# The page allows no `eval`, which Playwright's own waiting for a condition takes.
PREDICTED = """async () => {
  while (!document.querySelector('[data-testid=prediction]')) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now();
}"""
DRAWN = """async (count) => {
  const all = () => performance.getEntriesByName('convscope:maps').map((entry) => entry.duration);
  while (all().length < count) await new Promise(requestAnimationFrame);
  return all();
}"""
WARM = 5  # strokes that are not counted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--loads", type=int, default=15)
    parser.add_argument("--strokes", type=int, default=60)
    parser.add_argument("--results", type=Path, default=RESULTS)
    words = parser.parse_args()
    from playwright.sync_api import sync_playwright  # tables.py takes the rows without it

    with served() as address, sync_playwright() as playwright:
        names = ("chromium", "chromium-browser", "google-chrome")
        system = next((path for name in names if (path := shutil.which(name))), None)
        browser = playwright.chromium.launch(executable_path=system, args=["--no-sandbox"])
        result = {
            "chromium": browser.version,
            "first_load": first_load(browser, address, words.loads),
            "maps": maps(browser, address, words.strokes),
        }
        browser.close()
    for what, median, high, goal in rows(result):
        print(f"{what:28}{median:>12}{high:>12}{goal:>14}")
    write_result("studio", result, packages=("fastapi", "uvicorn", "playwright"), folder=words.results)


@contextmanager
def served() -> Iterator[str]:
    """A studio in an empty folder: the address to open."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "convscope", "studio", "--no-browser", "--port", "0"]
        with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield process.stdout.readline().split()[1]
            finally:
                process.terminate()


def first_load(browser: Browser, address: str, loads: int) -> dict[str, Any]:
    """The first round is not counted: the server opens its network then."""
    rounds = [one_load(browser, address) for _ in range(loads + 1)]
    return {
        **{what: rounds[-1][what] for what in ("bytes", "bytes_of_answers", "requests")},
        "load_ms": summary([one["load"] for one in rounds[1:]]),
        "prediction_ms": summary([one["prediction"] for one in rounds[1:]]),
        "first_prediction_of_the_server_ms": round(rounds[0]["prediction"], 1),
    }


def one_load(browser: Browser, address: str) -> dict[str, Any]:
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: dict[str, float] = {}
    answers: set[str] = set()
    session.on(
        "Network.requestWillBeSent",
        lambda event: answers.add(event["requestId"]) if "/api/" in event["request"]["url"] else None,
    )
    session.on(
        "Network.loadingFinished",
        lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
    )
    page.goto(address)
    prediction = page.evaluate(PREDICTED)
    page.wait_for_load_state("networkidle")
    load = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    context.close()
    return {
        "bytes": int(sum(sizes.values())),
        "bytes_of_answers": int(sum(sizes[one] for one in answers & {*sizes})),
        "requests": len(sizes),
        "load": load,
        "prediction": prediction,
    }


def maps(browser: Browser, address: str, strokes: int) -> dict[str, Any]:
    """The layer conv2 is open, so that its 32 maps are drawn, and those of every layer in the graph."""
    page = browser.new_context().new_page()
    page.goto(f"{address}#/network?model={NET}&layer=conv2")
    page.wait_for_load_state("networkidle")
    box = page.get_by_role("application").first.bounding_box()
    assert box is not None
    times = page.evaluate(DRAWN, 1)
    for number in range(strokes + WARM):
        turn = 2 * math.pi * number / 24
        x = box["x"] + box["width"] * (0.5 + 0.3 * math.cos(turn))
        y = box["y"] + box["height"] * (0.5 + 0.3 * math.sin(turn))
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 6, y + 6)
        page.mouse.up()
        page.evaluate(DRAWN, len(times) + 1)
        page.wait_for_timeout(100)  # until nothing of this stroke is left to draw
        times = page.evaluate(DRAWN, 1)
    page.context.close()
    return {"net": NET, "strokes": strokes, **summary(times[-strokes:])}


def summary(times: Sequence[float]) -> dict[str, Any]:
    """Milliseconds: median, the 95th percentile (nearest rank), all of them."""
    ordered = sorted(times)
    return {
        "median": round(statistics.median(ordered), 1),
        "p95": round(ordered[math.ceil(0.95 * len(ordered)) - 1], 1),
        "samples": [round(time, 1) for time in times],
    }


def rows(result: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """The figures with what they should be; the first row is the head."""
    load, drawn = result["first_load"], result["maps"]

    def timed(what: str, times: dict[str, Any], goal: str) -> tuple[str, str, str, str]:
        return what, f"{times['median']} ms", f"{times['p95']} ms", goal

    return [
        ("", "median", "95 %", "goal, below"),
        ("first load, compressed", f"{load['bytes'] / 1000:.0f} kB", "", "300 kB"),
        ("of it answers with numbers", f"{load['bytes_of_answers'] / 1000:.0f} kB", "", ""),
        timed("until the load event", load["load_ms"], "1000 ms"),
        timed("until the first prediction", load["prediction_ms"], ""),
        timed("drawing to maps, 28×28", drawn, "50 ms"),
    ]


if __name__ == "__main__":
    main()
