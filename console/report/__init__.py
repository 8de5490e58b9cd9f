"""A benchmark's result as a document with charts."""
