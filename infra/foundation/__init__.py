"""Network and keys."""
