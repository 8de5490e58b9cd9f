"""The costs of each home in a month."""
