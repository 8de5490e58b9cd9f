"""SQL over a snapshot."""
