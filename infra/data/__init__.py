"""The table and the file system."""
