"""Tables written as files."""
