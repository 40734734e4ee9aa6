"""Which pixels speak for a class, by several methods, each with its checks."""
