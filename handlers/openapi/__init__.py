"""The API described, loaded on request."""
