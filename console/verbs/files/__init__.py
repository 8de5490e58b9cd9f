"""Verbs that read a file of rows, or write one."""
