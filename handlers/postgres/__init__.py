"""PostgreSQL as a home: its connection, its tables, and the read path over them."""
