"""Measuring an API, request by request."""
