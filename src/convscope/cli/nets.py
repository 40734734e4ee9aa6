"""`convscope nets`"""

from __future__ import annotations

from .app import command
from .options import Json
from .output import print_json


@command("nets")
def nets(json: Json = False) -> None:
    """List the networks that go by a name."""
    from .. import nets as catalogue

    described = [(name, catalogue.graph(name), net.description) for name, net in catalogue.CATALOGUE.items()]
    if json:
        print_json(
            [
                {
                    "name": name,
                    "input_shape": list(graph.input_shape),
                    "parameters": graph.parameter_count,
                    "description": description,
                }
                for name, graph, description in described
            ]
        )
        return
    import textwrap

    for name, graph, description in described:
        shape = "×".join(map(str, graph.input_shape))
        print(f"{name:<18}{shape:>9}  {graph.parameter_count:>10,} parameters for 10 classes")
        print(textwrap.fill(description, 78, initial_indent="    ", subsequent_indent="    "))
    print("\nOne of your own: convscope train DATA --net my_net.py:MyNet")
