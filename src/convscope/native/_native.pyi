"""
What is compiled: networks on the CPU, 4, 8 or 16 pictures side by side, and filters of one picture.
"""

from collections.abc import Sequence
import enum
from typing import Annotated, overload

import numpy
from numpy.typing import NDArray


class Tensor:
    def __init__(self) -> None: ...

    @property
    def channels(self) -> int: ...

    @channels.setter
    def channels(self, arg: int, /) -> None: ...

    @property
    def height(self) -> int: ...

    @height.setter
    def height(self, arg: int, /) -> None: ...

    @property
    def width(self) -> int: ...

    @width.setter
    def width(self, arg: int, /) -> None: ...

    @property
    def top(self) -> int: ...

    @top.setter
    def top(self, arg: int, /) -> None: ...

    @property
    def left(self) -> int: ...

    @left.setter
    def left(self, arg: int, /) -> None: ...

    @property
    def bottom(self) -> int: ...

    @bottom.setter
    def bottom(self, arg: int, /) -> None: ...

    @property
    def right(self) -> int: ...

    @right.setter
    def right(self, arg: int, /) -> None: ...

    @property
    def kept(self) -> bool: ...

    @kept.setter
    def kept(self, arg: bool, /) -> None: ...

    @property
    def shared(self) -> bool: ...

    @shared.setter
    def shared(self, arg: bool, /) -> None: ...

    @property
    def offset(self) -> int: ...

    @offset.setter
    def offset(self, arg: int, /) -> None: ...

    @property
    def bytes(self) -> bool: ...

    @bytes.setter
    def bytes(self, arg: bool, /) -> None: ...

class Kind(enum.Enum):
    gather = 0

    convolution = 1

    convolution_input = 2

    convolution_weight = 3

    linear = 4

    linear_input = 5

    statistics = 6

    normalization_begin = 7

    normalization = 8

    normalization_sums = 9

    normalization_end = 10

    normalization_input = 11

    max_pool = 12

    max_pool_input = 13

    average_pool = 14

    average_pool_input = 15

    activation = 16

    activation_input = 17

    add = 18

    multiply = 19

    multiply_input = 20

    affine = 21

    copy = 22

    softmax = 23

    softmax_input = 24

    log_softmax = 25

    log_softmax_input = 26

    dropout = 27

    loss = 28

class Activation(enum.Enum):
    none = 0

    relu = 1

    leaky_relu = 2

    relu6 = 3

    tanh = 4

    sigmoid = 5

    silu = 6

    gelu = 7

    gelu_tanh = 8

    elu = 9

class Step:
    def __init__(self) -> None: ...

    @property
    def kind(self) -> Kind: ...

    @kind.setter
    def kind(self, arg: Kind, /) -> None: ...

    @property
    def phase(self) -> int: ...

    @phase.setter
    def phase(self, arg: int, /) -> None: ...

    @property
    def x(self) -> int: ...

    @x.setter
    def x(self, arg: int, /) -> None: ...

    @property
    def x2(self) -> int: ...

    @x2.setter
    def x2(self, arg: int, /) -> None: ...

    @property
    def y(self) -> int: ...

    @y.setter
    def y(self, arg: int, /) -> None: ...

    @property
    def index(self) -> int: ...

    @index.setter
    def index(self, arg: int, /) -> None: ...

    @property
    def gx(self) -> int: ...

    @gx.setter
    def gx(self, arg: int, /) -> None: ...

    @property
    def gy(self) -> int: ...

    @gy.setter
    def gy(self, arg: int, /) -> None: ...

    @property
    def accumulate(self) -> bool: ...

    @accumulate.setter
    def accumulate(self, arg: bool, /) -> None: ...

    @property
    def weight(self) -> int: ...

    @weight.setter
    def weight(self, arg: int, /) -> None: ...

    @property
    def bias(self) -> int: ...

    @bias.setter
    def bias(self, arg: int, /) -> None: ...

    @property
    def running_mean(self) -> int: ...

    @running_mean.setter
    def running_mean(self, arg: int, /) -> None: ...

    @property
    def running_var(self) -> int: ...

    @running_var.setter
    def running_var(self, arg: int, /) -> None: ...

    @property
    def norm(self) -> int: ...

    @norm.setter
    def norm(self, arg: int, /) -> None: ...

    @property
    def kernel_height(self) -> int: ...

    @kernel_height.setter
    def kernel_height(self, arg: int, /) -> None: ...

    @property
    def kernel_width(self) -> int: ...

    @kernel_width.setter
    def kernel_width(self, arg: int, /) -> None: ...

    @property
    def stride_height(self) -> int: ...

    @stride_height.setter
    def stride_height(self, arg: int, /) -> None: ...

    @property
    def stride_width(self) -> int: ...

    @stride_width.setter
    def stride_width(self, arg: int, /) -> None: ...

    @property
    def pad_top(self) -> int: ...

    @pad_top.setter
    def pad_top(self, arg: int, /) -> None: ...

    @property
    def pad_left(self) -> int: ...

    @pad_left.setter
    def pad_left(self, arg: int, /) -> None: ...

    @property
    def pad_bottom(self) -> int: ...

    @pad_bottom.setter
    def pad_bottom(self, arg: int, /) -> None: ...

    @property
    def pad_right(self) -> int: ...

    @pad_right.setter
    def pad_right(self, arg: int, /) -> None: ...

    @property
    def dilation_height(self) -> int: ...

    @dilation_height.setter
    def dilation_height(self, arg: int, /) -> None: ...

    @property
    def dilation_width(self) -> int: ...

    @dilation_width.setter
    def dilation_width(self, arg: int, /) -> None: ...

    @property
    def groups(self) -> int: ...

    @groups.setter
    def groups(self, arg: int, /) -> None: ...

    @property
    def count_padding(self) -> bool: ...

    @count_padding.setter
    def count_padding(self, arg: bool, /) -> None: ...

    @property
    def adaptive(self) -> bool: ...

    @adaptive.setter
    def adaptive(self, arg: bool, /) -> None: ...

    @property
    def pool(self) -> bool: ...

    @pool.setter
    def pool(self, arg: bool, /) -> None: ...

    @property
    def winograd(self) -> int: ...

    @winograd.setter
    def winograd(self, arg: int, /) -> None: ...

    @property
    def activation(self) -> Activation: ...

    @activation.setter
    def activation(self, arg: Activation, /) -> None: ...

    @property
    def slope(self) -> float: ...

    @slope.setter
    def slope(self, arg: float, /) -> None: ...

    @property
    def factor(self) -> float: ...

    @factor.setter
    def factor(self, arg: float, /) -> None: ...

    @property
    def offset(self) -> float: ...

    @offset.setter
    def offset(self, arg: float, /) -> None: ...

    @property
    def whole_channels(self) -> bool: ...

    @whole_channels.setter
    def whole_channels(self, arg: bool, /) -> None: ...

    @property
    def number(self) -> int: ...

    @number.setter
    def number(self, arg: int, /) -> None: ...

    @property
    def first_channel(self) -> int: ...

    @first_channel.setter
    def first_channel(self, arg: int, /) -> None: ...

    @property
    def momentum(self) -> float: ...

    @momentum.setter
    def momentum(self, arg: float, /) -> None: ...

    @property
    def epsilon(self) -> float: ...

    @epsilon.setter
    def epsilon(self, arg: float, /) -> None: ...

class Plan:
    def __init__(self) -> None: ...

    @property
    def tensors(self) -> list[Tensor]: ...

    @tensors.setter
    def tensors(self, arg: Sequence[Tensor], /) -> None: ...

    @property
    def steps(self) -> list[Step]: ...

    @steps.setter
    def steps(self, arg: Sequence[Step], /) -> None: ...

    @property
    def serial(self) -> list[bool]: ...

    @serial.setter
    def serial(self, arg: Sequence[bool], /) -> None: ...

    @property
    def thread_elements(self) -> int: ...

    @thread_elements.setter
    def thread_elements(self, arg: int, /) -> None: ...

    @property
    def block_elements(self) -> int: ...

    @block_elements.setter
    def block_elements(self, arg: int, /) -> None: ...

    @property
    def parameters(self) -> int: ...

    @parameters.setter
    def parameters(self, arg: int, /) -> None: ...

    @property
    def norms(self) -> int: ...

    @norms.setter
    def norms(self, arg: int, /) -> None: ...

    @property
    def classes(self) -> int: ...

    @classes.setter
    def classes(self, arg: int, /) -> None: ...

    def add_trainable(self, begin: int, end: int, ratio: float = 1.0) -> None: ...

class Rule(enum.Enum):
    sgd = 0

    adam = 1

    adamw = 2

class Optimizer:
    def __init__(self) -> None: ...

    @property
    def rule(self) -> Rule: ...

    @rule.setter
    def rule(self, arg: Rule, /) -> None: ...

    @property
    def beta1(self) -> float: ...

    @beta1.setter
    def beta1(self, arg: float, /) -> None: ...

    @property
    def beta2(self) -> float: ...

    @beta2.setter
    def beta2(self, arg: float, /) -> None: ...

    @property
    def epsilon(self) -> float: ...

    @epsilon.setter
    def epsilon(self, arg: float, /) -> None: ...

    @property
    def nesterov(self) -> bool: ...

    @nesterov.setter
    def nesterov(self, arg: bool, /) -> None: ...

    @property
    def weight_decay(self) -> float: ...

    @weight_decay.setter
    def weight_decay(self, arg: float, /) -> None: ...

    @property
    def clip_norm(self) -> float: ...

    @clip_norm.setter
    def clip_norm(self, arg: float, /) -> None: ...

    @property
    def label_smoothing(self) -> float: ...

    @label_smoothing.setter
    def label_smoothing(self, arg: float, /) -> None: ...

    @property
    def class_weights(self) -> list[float]: ...

    @class_weights.setter
    def class_weights(self, arg: Sequence[float], /) -> None: ...

class Network:
    def __init__(self, plan: Plan, optimizer: Optimizer, threads: int, instruction_set: str = '') -> None: ...

    @property
    def parameters(self) -> Annotated[NDArray[numpy.float32], dict(shape=(None,))]: ...

    def parameters_changed(self) -> None:
        """To be called after `parameters` were written to."""

    @property
    def gradients(self) -> Annotated[NDArray[numpy.float32], dict(shape=(None,))]: ...

    @property
    def first_moments(self) -> Annotated[NDArray[numpy.float32], dict(shape=(None,))]: ...

    @property
    def second_moments(self) -> Annotated[NDArray[numpy.float32], dict(shape=(None,))]: ...

    @property
    def steps_done(self) -> int: ...

    @steps_done.setter
    def steps_done(self, arg: int, /) -> None: ...

    def logits(self, bytes: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None, None), order='C', device='cpu', writable=False)] | None = None, floats: Annotated[NDArray[numpy.float32], dict(shape=(None, None, None, None), order='C', device='cpu', writable=False)] | None = None, factor: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, offset: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None) -> Annotated[NDArray[numpy.float32], dict(shape=(None, None))]: ...

    def train(self, *, bytes: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None, None), order='C', device='cpu', writable=False)] | None = None, floats: Annotated[NDArray[numpy.float32], dict(shape=(None, None, None, None), order='C', device='cpu', writable=False)] | None = None, factor: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, offset: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, labels: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], positions: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], starts: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], rates: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], seed: int = 0, first_step: int = 0, moves: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None = None, fill: int = 0, hole: int = 0, reflect: bool = False, weights: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None) -> tuple[Annotated[NDArray[numpy.float64], dict(shape=(None,))], int]: ...

@overload
def correlate(*, x: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], y: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu')], weights: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None = None, factors: tuple[Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)]] | None = None, before: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int], border: int, threads: int, instruction_set: str = '') -> None: ...

@overload
def correlate(*, x: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], y: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu')], weights: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None = None, factors: tuple[Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)]] | None = None, before: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int], border: int, threads: int, instruction_set: str = '') -> None:
    """
    Fill y with the cross-correlation of x and the weights, or the product of a column and a row.
    """

def instruction_sets() -> list[str]:
    """
    The instruction sets that this processor has, the widest (and default) first.
    """

def lanes(instruction_set: str = '') -> int:
    """Pictures that lie side by side."""

def peak(threads: int, seconds: float = 0.5, instruction_set: str = '') -> float:
    """
    Measured GFLOP/s of multiply-adds that nothing slows, the best of many short runs.
    """
