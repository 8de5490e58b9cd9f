"""The data lake: pages of the ledger as objects, each a pure function of its page."""
