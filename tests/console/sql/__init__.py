"""SQL at the command line."""
