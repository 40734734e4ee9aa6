"""Cases for the core of the page, `web/src/core`, with what `convscope.ops` gives for them."""

from __future__ import annotations

import numpy as np

from .case import Case
from .chains import chains, filters, written
from .sliding import borders, convolutions, each_channel, geometry, pools, wrong_convolutions, wrong_pools
from .texts import gallery, kernels, matrices, numbers, pool_texts


def cases(seed: int = 0) -> dict[str, list[Case]]:
    """By kind; each with a name, what is given, and what is expected of it."""
    chance = np.random.default_rng(seed)
    return {
        "convolution": [*convolutions(chance, 160), *wrong_convolutions()],
        "each": list(each_channel(chance, 30)),
        "pool": [*pools(chance, 120), *wrong_pools()],
        "border": list(borders(chance, 30)),
        "geometry": list(geometry(chance, 120)),
        "numbers": [numbers(chance)],
        "matrix": list(matrices(chance)),
        "kernel": list(kernels()),
        "gallery": [gallery()],
        "poolText": list(pool_texts()),
        "chain": list(chains(chance)),
        "filtered": list(filters(chance, 24)),
        "written": list(written(chance, 90)),
    }
