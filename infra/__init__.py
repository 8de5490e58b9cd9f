"""The stack's program: components that `__main__.py` puts together."""
