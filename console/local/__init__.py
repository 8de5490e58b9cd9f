"""AWS on this machine."""
