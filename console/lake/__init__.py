"""The data lake: filled, and held against the ledger."""
