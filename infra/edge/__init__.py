"""What callers see."""
