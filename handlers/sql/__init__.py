"""One read-only SQL statement over a snapshot as one table: its request, its view, its limits, its answer."""
