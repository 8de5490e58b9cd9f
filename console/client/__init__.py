"""Talking to an API."""
