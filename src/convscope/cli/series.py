"""What `convscope train --seeds` prints at its end: every figure with its spread over the seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..columns import columns, shortened

if TYPE_CHECKING:
    from ..runs.seed_runs import SeedRuns
    from ..spread import Spread

LONGEST_CLASS = 20  # more would not fit 80 columns


def series_text(series: SeedRuns) -> str:
    """The figures and the recall of each class, with their spread, in at most 80 columns."""
    from ..runs.wording import figure_names

    made, seeds = series.conditions, [run.seed for run in series.runs]
    spreads = {figure: series.spread(figure) for figure in figure_names(made.split)}
    rows = [("", "mean ± std", "95 % of the mean", "least", "most")]
    rows += [
        _row(figure_names(made.split)[figure], figure, spread) for figure, spread in spreads.items() if spread
    ]
    rows.append(("recall of", "", "", "", ""))
    rows += [
        _row(f"  {shortened(name, LONGEST_CLASS)}", "recall", spread)
        for name, spread in series.recall().items()
        if spread
    ]
    name = f"{shortened(made.net)} on {shortened(made.data)}"
    return "\n".join(
        [
            f"{name}, {len(seeds)} seeds ({seeds[0]} to {seeds[-1]}),",
            f"figures of {made.counted}",
            *columns(rows, right=[1, 2, 3, 4]),
        ]
    )


def _row(name: str, figure: str, spread: Spread) -> tuple[str, str, str, str, str]:
    from ..runs.wording import mean_and_std, number

    low, high, least, most = (
        number(figure, value, unit=False) for value in (spread.low, spread.high, spread.least, spread.most)
    )
    return name, mean_and_std(figure, spread), f"{low} to {high}", least, most
