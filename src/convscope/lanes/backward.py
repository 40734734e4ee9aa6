"""From the forward steps to the backward ones: the tape in reverse, gradients added up where values fork."""

from __future__ import annotations

from typing import Any

from .fields import reaches_weights_pooled
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
        for record in reversed(self.forward.tape):
            if record.output.gradient is not None:
                getattr(self, f"_{record.kind}")(record)

    def _target(self, value: Value) -> tuple[Tensor, bool]:
        """Where a gradient of `value` goes, and whether it is added to what is there."""
        if value.gradient is not None:
            return value.gradient, True
        shape = value.tensor
        value.gradient = Tensor(shape.channels, shape.height, shape.width, border=value.gradient_border)
        return value.gradient, False

    def _give(self, value: Value, kind: str, *, into: str = "gx", **fields: Any) -> None:
        """A step whose result, the field `into`, is added to the gradient of `value` if that needs one."""
        if value.needs_gradient:
            fields[into], add = self._target(value)
            self.emit(kind, accumulate=add, **fields)

    def _pass_on(self, gradient: Tensor | None, value: Value) -> None:
        """Add a gradient of the same shape to that of `value`."""
        self._give(value, "copy", into="y", x=gradient)

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
        gradient = dense = self._through_activation(record)
        sparse = fields["pool"] and reaches_weights_pooled(fields["geometry"])
        if fields["pool"] and (x.needs_gradient or not sparse):
            channels, height, width = record.node.shape
            dense = Tensor(channels, height, width, border=fields["border"])
            self.emit(
                "max_pool_input",
                y=record.output.tensor,
                gy=gradient,
                index=fields["index"],
                gx=dense,
                pool=True,
            )
        self.emit(
            "convolution_weight",
            x=x.tensor,
            gy=gradient if sparse else dense,
            index=fields["index"] if sparse else None,
            pool=sparse,
            weight=fields["weight"],
            bias=fields["bias"],
            **fields["geometry"],
        )
        self._give(
            x,
            "convolution_input",
            gy=dense,
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
        self._give(x, "linear_input", gy=gradient, weight=record.fields["weight"])

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
        self._give(x, "average_pool_input", gy=record.output.gradient, **record.fields["geometry"])

    def _activation(self, record: Record) -> None:
        (x,), y = record.inputs, record.output
        self._give(
            x, "activation_input", x=x.tensor, y=y.tensor, gy=y.gradient, **record.fields["activation"]
        )

    def _add(self, record: Record) -> None:
        for value in record.inputs:
            self._pass_on(record.output.gradient, value)

    def _multiply(self, record: Record) -> None:
        for value, factor in zip(record.inputs, reversed(record.inputs), strict=True):
            self._give(value, "multiply_input", x=factor.tensor, gy=record.output.gradient)

    def _affine(self, record: Record) -> None:
        (x,) = record.inputs
        self._give(x, "affine", into="y", x=record.output.gradient, factor=record.fields["factor"])

    def _concat(self, record: Record) -> None:
        at = 0
        for value in record.inputs:
            self._give(value, "copy", into="y", x=record.output.gradient, first_channel=at)
            at += value.tensor.channels

    def _pad(self, record: Record) -> None:
        (x,) = record.inputs
        self._give(x, "copy", into="y", x=record.output.gradient, **record.fields["corner"])

    def _dropout(self, record: Record) -> None:
        (x,) = record.inputs
        self._give(x, "dropout", into="y", x=record.output.gradient, **record.fields["settings"])

    def _copy(self, record: Record) -> None:
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
        (x,), y = record.inputs, record.output
        self._give(x, f"{record.kind}_input", y=y.tensor, gy=y.gradient)

    _log_softmax = _softmax
