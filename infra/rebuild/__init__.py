"""The state machine that makes all segments anew, many ranges of the ledger at a time."""
