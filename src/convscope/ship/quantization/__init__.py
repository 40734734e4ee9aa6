"""An exported ONNX model in int8: made, measured against its bundle, and refused where it costs too much.

`int8_of` is all of it; `quantize` makes the file alone.
"""

from .cost import Cost
from .gate import MAX_DROP, Quantized, int8_of, require_possible
from .static import quantize

__all__ = ["MAX_DROP", "Cost", "Quantized", "int8_of", "quantize", "require_possible"]
