"""What was measured: the format, its files, its statistics."""
