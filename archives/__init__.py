"""The contents of a function's archive, found from the source: handlers are read as files here, never run."""
