"""What computes the steps: the native engine, PyTorch, or the last layer on a frozen trunk."""
