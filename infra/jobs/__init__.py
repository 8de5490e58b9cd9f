"""Work that no request waits for: what calls the functions beside the gateway, and what becomes of calls that fail."""
