"""A soak: the local stack under load and violence for a while, and the proof of what it promised."""
