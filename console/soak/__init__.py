"""A soak: the local stack under load and violence for a while, and an account of what it promised."""
