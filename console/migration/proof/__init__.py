"""The proof of a move: counts and checksums of both sides, down to the rows and columns that differ."""
