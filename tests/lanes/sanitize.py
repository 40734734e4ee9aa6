"""What `make sanitize` runs under ThreadSanitizer and AddressSanitizer: the native engine without torch."""

from __future__ import annotations

import sys


def main() -> None:
    from convscope.lanes import _native

    print(_native.__file__)
    if "torch" in sys.modules:
        raise SystemExit("torch was imported: its threads would drown what is looked for")


if __name__ == "__main__":
    main()
