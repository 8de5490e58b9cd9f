"""Immutable files: what is published, and how it is built."""
