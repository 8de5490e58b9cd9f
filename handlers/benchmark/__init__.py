"""The benchmark inside the function."""
