"""The native CPU engine: a graph becomes a plan, the plan runs with many pictures side by side."""
