"""The colours of drawings, by what a shape means: on light and on dark ground."""

from __future__ import annotations

#: paper, ink, and so on: (light, dark)
COLOURS = {
    "paper": ("#ffffff", "#1a2027"),
    "ink": ("#1f2933", "#e6eaef"),
    "faint": ("#52606d", "#a9b8c6"),
    "line": ("#aab4bf", "#4a5764"),
    "cell": ("#ffffff", "#1f262e"),
    "beyond": ("#eceff3", "#2a323b"),
    "hatch": ("#c4ccd4", "#44505c"),
    "later": ("#f4f6f8", "#161b21"),
    "plus": ("#dbe8fb", "#1e3a63"),
    "minus": ("#fbe3d3", "#5a3216"),
    "mark": ("#c2410c", "#fb923c"),
    "winner": ("#15803d", "#4ade80"),
}
LIGHT = {name: pair[0] for name, pair in COLOURS.items()}
DARK = {name: pair[1] for name, pair in COLOURS.items()}

#: What a box is filled with.
FILLS = {
    "cell": "cell",
    "empty": "later",
    "later": "later",
    "beyond": "beyond",
    "plus": "plus",
    "minus": "minus",
}
