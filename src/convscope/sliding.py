"""How a window slides where nothing else is said: of `convscope conv` and of the widget."""

from __future__ import annotations

KERNEL = "sobel-x"  # where no pool is named either
PADDING = "valid"
DILATION = 1
BORDER = "zeros"
