"""New versions of the functions: on their way to the callers, and back."""
