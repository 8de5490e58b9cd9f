"""The move of an application from SQLite: planned, copied, exported, and proven."""
