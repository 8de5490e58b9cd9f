"""The verbs for the move of an application from SQLite."""
