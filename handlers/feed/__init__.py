"""From the ledger into PostgreSQL: rows as they come, catching up, another history, and the proof of all that."""
