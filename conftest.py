"""Examples in docstrings that need the native engine are left out where it was not compiled."""

from convscope import native

collect_ignore = (
    [] if native.available() else [f"src/convscope/lanes/{name}.py" for name in ("compiled", "trainer")]
)
