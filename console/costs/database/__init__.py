"""The costs of PostgreSQL: what it is whatever is read, and what it is fed with."""
