"""A real PostgreSQL on this machine, for as long as it is wanted."""
