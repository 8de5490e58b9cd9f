"""The results of measuring: the format, its files, its statistics."""
