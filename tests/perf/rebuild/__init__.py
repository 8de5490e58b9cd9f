"""A rebuild of a whole ledger by its steps, measured, and what it would take on AWS."""
