"""SQL of SQLite said in PostgreSQL: names, defaults, conditions."""
