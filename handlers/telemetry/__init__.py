"""The time and means that a request uses."""
