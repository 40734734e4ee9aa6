"""The template of a page: a file of a package, escaped, and strict about what it is not given."""

from __future__ import annotations

from collections.abc import Callable

import jinja2


def page_template(
    package: str, name: str = "template.html", **filters: Callable[..., object]
) -> jinja2.Template:
    """A template of a package, with these filters."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(package, package_path=""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters)
    return environment.get_template(name)
