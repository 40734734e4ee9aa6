"""Networks that hypothesis makes up: any operation on any earlier value, values read more than once."""

from __future__ import annotations

from hypothesis import strategies as st

from convscope.errors import ShapeError
from convscope.graph import Builder, Graph, Node

POINTWISE = ("relu", "leaky_relu", "relu6", "tanh", "sigmoid", "silu", "gelu", "elu", "affine")
PICTURES = (
    *("conv2d", "conv2d", "depthwise", "batch_norm", "batch_norm", "activation", "activation", "pool 2x2"),
    *("pool", "average", "adaptive", "add", "multiply", "concat", "pad", "dropout", "reshape"),
    *("norm and add", "chain"),
)


@st.composite
def networks(draw: st.DrawFn, most: int = 8) -> Graph:
    """One to `most` operations; all values that nothing reads go into the last layer."""
    b = Builder("drawn")
    values = [b.input(draw(st.integers(1, 3)), draw(st.integers(3, 9)), draw(st.integers(3, 9)))]
    values.append(b.conv2d(values[0], draw(st.integers(1, 9)), kernel_size=1))
    for _ in range(draw(st.integers(1, most))):
        # mostly the latest value, so that there are chains to fuse
        x = values[-draw(st.sampled_from([1, 1, 1, 2, 3])) if len(values) > 3 else -1]
        kind = draw(st.sampled_from(PICTURES))
        try:
            y = _operation(draw, b, kind, x, values)
        except ShapeError:
            continue
        if y is not None and y.shape[1] * y.shape[2] * y.shape[0] <= 1500:
            values.append(y)
    read = {name for node in values for name in node.inputs}
    ends = [node for node in values[1:] if node.name not in read]
    features = [b.flatten(end) if draw(st.booleans()) else b.global_average_pool(end) for end in ends]
    joined = b.concat(*features) if len(features) > 1 else features[0]
    if draw(st.booleans()):
        joined = b.relu(b.linear(joined, 5))
    return b.build(b.linear(joined, 3))


def _operation(draw: st.DrawFn, b: Builder, kind: str, x: Node, values: list[Node]) -> Node | None:
    channels = x.shape[0]
    alike = [value for value in values[1:] if value.shape == x.shape]
    if kind == "conv2d":
        kernel, padding = draw(st.sampled_from([(1, 0), (2, 0), (3, 0), (3, 1), (3, 2), (5, 2)]))
        stride = draw(st.sampled_from([1, 1, 2, 3]))
        wide = draw(st.sampled_from([1, 3, 4, 8, 16]))
        return b.conv2d(x, wide, kernel_size=kernel, padding=padding, stride=stride, bias=draw(st.booleans()))
    if kind == "depthwise":
        return b.conv2d(x, channels, kernel_size=3, padding=1, groups=channels)
    if kind == "chain":
        return b.max_pool(b.relu(b.batch_norm(b.conv2d(x, 4, kernel_size=3, padding=1), eps=0.1)), 2)
    if kind == "batch_norm":
        return b.append("batch_norm", x, eps=0.1, affine=draw(st.booleans()))
    if kind == "activation":
        return b.append(draw(st.sampled_from(POINTWISE)), x)
    if kind == "pool 2x2":
        return b.max_pool(x, 2)
    if kind == "pool":
        return b.max_pool(x, 3, stride=draw(st.integers(1, 2)), padding=1)
    if kind == "average":
        return b._pool("average_pool", x, 2, draw(st.integers(1, 3)), 0, None)
    if kind == "adaptive":
        return b.append(f"adaptive_{draw(st.sampled_from(['max', 'average']))}_pool2d", x, output_size=(3, 2))
    if kind in ("add", "multiply"):
        return b.append(kind, x, *draw(st.lists(st.sampled_from(alike), min_size=1, max_size=2)))
    if kind == "concat":
        alike = [value for value in values[1:] if value.shape[1:] == x.shape[1:]]
        return b.concat(x, draw(st.sampled_from(alike)))
    if kind == "norm and add":
        return b.add(b.batch_norm(x, eps=0.1), draw(st.sampled_from(alike)))
    if kind == "pad":
        return b.append("pad", x, padding=((1, 0), (0, 2)))
    if kind == "dropout":
        return b.dropout(x, 0.0)
    if channels % 2 == 0:
        return b.append("reshape", x, shape=(channels // 2, x.shape[1] * 2, x.shape[2]))
    return b.append("reshape", b.flatten(x), shape=(1, x.shape[1], channels * x.shape[2]))
