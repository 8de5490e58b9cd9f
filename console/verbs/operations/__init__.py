"""The verbs for a stack in production."""
