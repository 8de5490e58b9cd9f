"""Targets of a migration: where the rows of a SQLite file go."""
