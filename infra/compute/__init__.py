"""Functions, their rights and their code."""
