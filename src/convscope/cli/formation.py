"""`convscope look RUN --gif FILE`: how a network formed, from the snapshots of `train --watch`."""

from __future__ import annotations

import shlex
from pathlib import Path

from .output import print_json


def show_formation(run: Path, gif: Path, *, json: bool, layer: str | None = None, picture: int = 1) -> None:
    """Write the GIF and say what is in it; `layer` and `picture` (from 1) choose what it shows."""
    from .. import atomic
    from ..columns import in_bytes
    from ..drawing.formation import draw
    from ..errors import UsageError
    from ..look.inside.formation import Formation
    from ..runs.latest import target_of

    if gif.suffix.lower() != ".gif":
        raise UsageError(f"--gif {shlex.quote(str(gif))} should be a name that ends in .gif.")
    formation = Formation.open(target_of(run) or run)
    content, frames = draw(formation, layer=layer, picture=picture)
    atomic.write_bytes(gif, content)
    watched, steps = formation.watched, formation.steps
    if json:
        print_json(
            {
                "run": str(run),
                "gif": str(gif),
                "bytes": len(content),
                "frames": frames,
                "snapshots": list(steps),
                "steps": watched.steps,
                "layers": [
                    {"layer": each.name, "nodes": list(each.nodes), "shape": list(each.output_shape)}
                    for each in watched.layers
                ],
                "pictures": [
                    {"picture": name, "class": label}
                    for name, label in zip(watched.names, watched.labels, strict=True)
                ],
            }
        )
        return
    of = f"{frames}" if frames == len(steps) else f"{frames} of {len(steps):,}"
    print(f"{watched.net} on {watched.data}, {of} snapshots, step {steps[0]:,} to {steps[-1]:,}")
    print(f"watched {', '.join(each.name for each in watched.layers)}; {len(watched.labels)} {watched.noun}s")
    print(f"GIF     {gif} ({in_bytes(len(content))})")
