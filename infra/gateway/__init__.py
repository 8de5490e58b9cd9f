"""The API that callers see."""
