"""PostgreSQL as a home: the database, its proxy, its groups and rights."""
