"""A network as one C99 file."""
