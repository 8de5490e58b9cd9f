"""Tables made in PostgreSQL and filled there, in one transaction."""
