"""Where the tensors of a plan lie: memory is used again as soon as its tensor has had its last reader."""

from __future__ import annotations

from collections.abc import Sequence

from .plan import Plan, Tensor


def place(plan: Plan) -> None:
    """Give every tensor its offset and say whether it is kept from phase to phase.

    What lives within one phase lies in a thread's memory and is overwritten by the next block; what is
    read in a later phase (by the update of a linear layer, too) lies in the block's.
    """
    first: dict[Tensor, int] = {}
    last: dict[Tensor, int] = {}
    phases: dict[Tensor, set[int]] = {}
    end = len(plan.steps)
    for number, step in enumerate(plan.steps):
        until_the_update = step.kind == "linear" and "gy" in step.fields
        for name, tensor in ((n, t) for n, t in step.fields.items() if isinstance(t, Tensor)):
            root = tensor.root
            if step.kind == "linear" and name == "gy":  # known to the step, written later
                last[root] = end
                phases.setdefault(root, set()).add(-1)
                continue
            first.setdefault(root, number)
            last[root] = end if until_the_update and name == "x" else max(last.get(root, 0), number)
            phases.setdefault(root, set()).add(step.phase)
            if until_the_update and name == "x":
                phases[root].add(-1)
    roots = sorted(first, key=lambda root: (first[root], last[root]))
    for root in roots:
        root.kept = len(phases[root]) > 1
        if root.exclusive:
            first[root], last[root] = 0, end
    for kept in (False, True):
        chosen = [root for root in roots if root.kept is kept]
        size = _assign(chosen, [(first[root], last[root]) for root in chosen])
        if kept:
            plan.block_elements = size
        else:
            plan.thread_elements = size
    for tensor in plan.tensors:
        if tensor.base is not None:
            tensor.kept, tensor.offset = tensor.root.kept, tensor.root.offset
            assert not any(tensor.root.border), "a view of a tensor with a border"


def _assign(tensors: Sequence[Tensor], lifetimes: Sequence[tuple[int, int]]) -> int:
    """Offsets such that tensors that live at the same time do not overlap: the first gap that fits, the
    largest tensors first. Gives the memory needed, in vectors."""
    order = sorted(range(len(tensors)), key=lambda i: -tensors[i].elements)
    placed: list[int] = []
    for i in order:
        start, end = lifetimes[i]
        taken = sorted(
            (tensors[j].offset, tensors[j].offset + tensors[j].elements)
            for j in placed
            if lifetimes[j][0] <= end and start <= lifetimes[j][1]
        )
        offset = 0
        for low, high in taken:
            if offset + tensors[i].elements <= low:
                break
            offset = max(offset, high)
        tensors[i].offset = offset
        placed.append(i)
    for a in range(len(tensors)):
        low, high = tensors[a].offset, tensors[a].offset + tensors[a].elements
        tensors[a].shared = any(
            a != b and tensors[b].offset < high and low < tensors[b].offset + tensors[b].elements
            for b in range(len(tensors))
        )
    return max((t.offset + t.elements for t in tensors), default=0)
