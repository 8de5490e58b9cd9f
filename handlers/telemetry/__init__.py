"""What a request spends and uses."""
