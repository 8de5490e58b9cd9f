"""A data model for a file of rows: its columns looked at, decided on, and written as a rows.py."""
