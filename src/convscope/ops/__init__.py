"""The operations of a CNN on plain arrays: exact, fast, and able to show every step.

NumPy arrays and lists in, NumPy arrays out; torch tensors in, torch tensors out. No torch is imported.
"""

from .convolution import conv1d, conv2d, conv_transpose2d
from .cost import Cost, convolution_cost
from .equivariance import equivariance_error
from .geometry import (
    Field,
    Window,
    full_padding,
    output_size,
    receptive_field,
    same_padding,
    unreached,
)
from .kernels import (
    KERNELS,
    box,
    emboss,
    gabor,
    gaussian,
    identity,
    kernel,
    laplacian,
    laplacian_of_gaussian,
    motion_blur,
    prewitt_x,
    prewitt_y,
    roberts,
    scharr_x,
    scharr_y,
    sharpen,
    sobel_x,
    sobel_y,
)
from .pointwise import batch_norm, flatten, relu, softmax
from .pool_steps import PoolStep, PoolSteps, pool_steps
from .pooling import average_pool, global_average_pool, global_max_pool, lp_pool, max_pool
from .signals import autocorrelate, convolve, cross_correlate
from .steps import ConvolutionSteps, Step, steps

__all__ = [
    "convolve",
    "cross_correlate",
    "autocorrelate",
    "conv1d",
    "conv2d",
    "conv_transpose2d",
    "max_pool",
    "average_pool",
    "lp_pool",
    "global_average_pool",
    "global_max_pool",
    "relu",
    "softmax",
    "batch_norm",
    "flatten",
    "steps",
    "Step",
    "ConvolutionSteps",
    "pool_steps",
    "PoolStep",
    "PoolSteps",
    "KERNELS",
    "kernel",
    "identity",
    "box",
    "gaussian",
    "motion_blur",
    "sharpen",
    "emboss",
    "sobel_x",
    "sobel_y",
    "prewitt_x",
    "prewitt_y",
    "scharr_x",
    "scharr_y",
    "roberts",
    "laplacian",
    "laplacian_of_gaussian",
    "gabor",
    "Window",
    "Field",
    "Cost",
    "output_size",
    "same_padding",
    "full_padding",
    "unreached",
    "receptive_field",
    "convolution_cost",
    "equivariance_error",
]
