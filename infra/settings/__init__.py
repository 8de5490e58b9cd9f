"""The stack's settings: each group in a file of its own, checked before anything is registered."""
