"""What is compiled: kernels of the lanes engine and of `ops`, for the instructions of this processor."""

from .extension import available, cores, instruction_set, lanes, module, peak, reason

__all__ = ["available", "cores", "instruction_set", "lanes", "module", "peak", "reason"]
