"""A real PostgreSQL, and what stands in for the rest of RDS."""
