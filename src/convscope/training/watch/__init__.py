"""Snapshots of filters and feature maps while a network is trained."""
