"""The output-size formula of one axis, with its numbers put in."""

from __future__ import annotations

from dataclasses import dataclass

from ..ops import output_size

FORMULA = "⌊(n + p_before + p_after - d·(k - 1) - 1) / s⌋ + 1"
LETTERS = {
    "n": "size of the input",
    "p": "padding",
    "d": "dilation",
    "k": "size of the kernel or window",
    "s": "stride",
}


@dataclass(frozen=True)
class SizeSum:
    """floor((n + p_before + p_after - d·(k - 1) - 1) / s) + 1 (Dumoulin & Visin 2016, relationship 14).

    >>> print(SizeSum("height", size=5, kernel_size=3, stride=2, padding=(1, 1)))
    ⌊(5 + 1 + 1 - 1·(3 - 1) - 1) / 2⌋ + 1 = 3
    """

    axis: str
    size: int
    kernel_size: int
    stride: int = 1
    padding: tuple[int, int] = (0, 0)
    dilation: int = 1

    @property
    def result(self) -> int:
        return output_size(
            self.size,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )

    @property
    def numerator(self) -> str:
        before, after = self.padding
        return f"{self.size} + {before} + {after} - {self.dilation}·({self.kernel_size} - 1) - 1"

    def __str__(self) -> str:
        return f"⌊({self.numerator}) / {self.stride}⌋ + 1 = {self.result}"
