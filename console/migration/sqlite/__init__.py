"""A SQLite file as it is: copied by the backup API, its schema looked into."""
