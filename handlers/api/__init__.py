"""The routes: one file for each kind of them, from a request to an answer."""
