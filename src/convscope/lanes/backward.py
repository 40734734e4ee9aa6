"""From the forward steps to the backward ones: the tape in reverse, gradients added up where values fork."""

from __future__ import annotations

from collections.abc import Callable

from .lowering import Lowering, Record, Value
from .plan import Tensor


class Backward:
    """Appends the steps that give the gradient of every parameter."""

    def __init__(self, forward: Lowering) -> None:
        self.forward = forward
        self.emit = forward.emit

    def run(self) -> None:
        logits = self.forward.values[self.forward.graph.output]
        gradient, _ = self._target(logits)
        self.emit("loss", x=logits.tensor, gx=gradient)
        undo: dict[str, Callable[[Record], None]] = {
            name.removeprefix("_"): getattr(self, name)
            for name in (
                *("_convolution", "_normalization", "_linear", "_max_pool", "_average_pool", "_activation"),
                *("_add", "_multiply", "_affine", "_concat", "_pad", "_dropout", "_view", "_copy"),
                *("_softmax", "_log_softmax"),
            )
        }
        for record in reversed(self.forward.tape):
            if record.output.gradient is not None:
                undo[record.kind](record)
        self.forward.plan.steps.sort(key=lambda step: step.phase)

    def _target(self, value: Value) -> tuple[Tensor, bool]:
        """Where a gradient of `value` goes, and whether it is added to what is there."""
        if value.gradient is not None:
            return value.gradient, True
        shape = value.tensor
        value.gradient = Tensor(shape.channels, shape.height, shape.width, border=value.gradient_border)
        return value.gradient, False

    def _pass_on(self, gradient: Tensor, value: Value) -> None:
        """Add a gradient of the same shape to that of `value`."""
        if value.needs_gradient:
            target, add = self._target(value)
            self.emit("copy", x=gradient, y=target, accumulate=add)

    def _through_activation(self, record: Record) -> Tensor:
        """The output's gradient, in place times the slope of the activation that the pass ended with."""
        gradient = record.output.gradient
        assert gradient is not None
        if record.fields["activation"]:
            out = record.output.tensor
            self.emit(
                "activation_input", x=out, y=out, gy=gradient, gx=gradient, **record.fields["activation"]
            )
        return gradient

    def _convolution(self, record: Record) -> None:
        (x,), fields = record.inputs, record.fields
        if fields["pool"]:
            gradient = record.output.gradient
            channels, height, width = record.node.shape
            dense = Tensor(channels, height, width, border=fields["border"])
            self.emit(
                "max_pool_input",
                y=record.output.tensor,
                gy=gradient,
                index=fields["index"],
                gx=dense,
                pool=True,
                bias=fields["bias"],
                **fields["activation"],
            )
        else:
            dense = self._through_activation(record)
        self.emit(
            "convolution_weight",
            x=x.tensor,
            gy=dense,
            weight=fields["weight"],
            bias=None if fields["pool"] else fields["bias"],
            **fields["geometry"],
        )
        if x.needs_gradient:
            target, add = self._target(x)
            self.emit(
                "convolution_input",
                gy=dense,
                gx=target,
                accumulate=add,
                weight=fields["weight"],
                winograd=fields["winograd"],
                **fields["geometry"],
            )

    def _normalization(self, record: Record) -> None:
        x, *others = record.inputs
        fields, settings = record.fields, record.fields["settings"]
        gradient = self._through_activation(record)
        for other in others:
            self._pass_on(gradient, other)
        common = {"x": x.tensor, "gy": gradient, "index": fields["index"], "pool": fields["pool"]}
        norm = settings["norm"]
        sums = self.emit("normalization_sums", not_before=self.forward.norm_phases[norm], norm=norm, **common)
        end = self.emit("normalization_end", not_before=sums.phase, serial=True, x=x.tensor, **settings)
        if x.needs_gradient:
            target, add = self._target(x)
            if add and fields["pool"]:
                scratch = Tensor(x.tensor.channels, x.tensor.height, x.tensor.width)
                self.emit("normalization_input", not_before=end.phase + 1, gx=scratch, norm=norm, **common)
                self.emit("copy", x=scratch, y=target, accumulate=True)
            else:
                self.emit(
                    "normalization_input",
                    not_before=end.phase + 1,
                    gx=target,
                    accumulate=add,
                    norm=norm,
                    **common,
                )

    def _linear(self, record: Record) -> None:
        (x,), gradient = record.inputs, record.output.gradient
        record.fields["step"].fields["gy"] = gradient  # the update reads x and this, once all blocks are done
        if x.needs_gradient:
            target, add = self._target(x)
            self.emit("linear_input", gy=gradient, gx=target, accumulate=add, weight=record.fields["weight"])

    def _max_pool(self, record: Record) -> None:
        (x,), fields = record.inputs, record.fields
        if not x.needs_gradient:
            return
        target, add = self._target(x)
        self.emit(
            "max_pool_input",
            y=record.output.tensor,
            gy=record.output.gradient,
            index=fields["index"],
            gx=target,
            pool=fields["pool"] and not add,
            accumulate=add,
            **fields["geometry"],
        )

    def _average_pool(self, record: Record) -> None:
        (x,) = record.inputs
        if x.needs_gradient:
            target, add = self._target(x)
            gradient = record.output.gradient
            self.emit(
                "average_pool_input", gy=gradient, gx=target, accumulate=add, **record.fields["geometry"]
            )

    def _activation(self, record: Record) -> None:
        (x,) = record.inputs
        if x.needs_gradient:
            target, add = self._target(x)
            self.emit(
                "activation_input",
                x=x.tensor,
                y=record.output.tensor,
                gy=record.output.gradient,
                gx=target,
                accumulate=add,
                **record.fields["activation"],
            )

    def _add(self, record: Record) -> None:
        assert record.output.gradient is not None
        for value in record.inputs:
            self._pass_on(record.output.gradient, value)

    def _multiply(self, record: Record) -> None:
        for value, factor in zip(record.inputs, reversed(record.inputs), strict=True):
            if value.needs_gradient:
                target, add = self._target(value)
                gradient = record.output.gradient
                self.emit("multiply_input", x=factor.tensor, gy=gradient, gx=target, accumulate=add)

    def _affine(self, record: Record) -> None:
        (x,) = record.inputs
        if x.needs_gradient:
            target, add = self._target(x)
            factor = record.fields["factor"]
            self.emit("affine", x=record.output.gradient, y=target, factor=factor, accumulate=add)

    def _concat(self, record: Record) -> None:
        at = 0
        for value in record.inputs:
            if value.needs_gradient:
                target, add = self._target(value)
                self.emit("copy", x=record.output.gradient, y=target, first_channel=at, accumulate=add)
            at += value.tensor.channels

    def _pad(self, record: Record) -> None:
        (x,) = record.inputs
        if x.needs_gradient:
            target, add = self._target(x)
            self.emit("copy", x=record.output.gradient, y=target, accumulate=add, **record.fields["corner"])

    def _dropout(self, record: Record) -> None:
        (x,) = record.inputs
        if x.needs_gradient:
            target, add = self._target(x)
            settings = record.fields["settings"]
            self.emit("dropout", x=record.output.gradient, y=target, accumulate=add, **settings)

    def _copy(self, record: Record) -> None:
        assert record.output.gradient is not None
        self._pass_on(record.output.gradient, record.inputs[0])

    def _view(self, record: Record) -> None:
        """The gradient of a view is the gradient itself, seen in the other shape."""
        (x,), gradient = record.inputs, record.output.gradient
        assert gradient is not None
        if not x.needs_gradient:
            return
        shape = x.tensor
        if not any(gradient.border):
            seen = Tensor(shape.channels, shape.height, shape.width, base=gradient)
        else:
            own = record.output.tensor
            flat = Tensor(own.channels, own.height, own.width)
            self.emit("copy", x=gradient, y=flat)
            seen = Tensor(shape.channels, shape.height, shape.width, base=flat)
        if x.gradient is None and not any(x.gradient_border):
            x.gradient = seen
        else:
            self._pass_on(seen, x)

    def _softmax(self, record: Record) -> None:
        (x,) = record.inputs
        if x.needs_gradient:
            target, add = self._target(x)
            kind = f"{record.kind}_input"
            self.emit(kind, y=record.output.tensor, gy=record.output.gradient, gx=target, accumulate=add)

    _log_softmax = _softmax
