"""A version of the project held against another: which functions change, and by which files."""
