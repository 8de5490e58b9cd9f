"""What each home costs in a month."""
