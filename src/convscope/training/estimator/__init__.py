"""The scikit-learn classifier, and training on arrays in memory."""
