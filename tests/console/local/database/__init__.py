"""Tests of the local PostgreSQL."""
