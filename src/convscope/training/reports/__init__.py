"""The report of a run, put together: after its training, again later, and of two runs."""
