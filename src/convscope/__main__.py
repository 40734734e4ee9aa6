"""`python -m convscope` is `convscope`."""

from .cli import main

main()
