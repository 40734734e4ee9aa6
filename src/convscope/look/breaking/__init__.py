"""Where a network breaks: attacks, changes of its pictures, shifts."""
