"""The schema: its migrations as files, the runner that applies them, and the user that all this belongs to."""
