"""Codes and sessions for tests."""
