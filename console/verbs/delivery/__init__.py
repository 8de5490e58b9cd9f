"""Verbs that say what a deployment would change."""
