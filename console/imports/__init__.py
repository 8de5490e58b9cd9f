"""A file of rows: read, matched with the data model's columns, checked, and sent."""
