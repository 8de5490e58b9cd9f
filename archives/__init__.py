"""What a function's archive holds, found from the source: for those who deploy it and those who want to look at it.

Standard library only, and it imports no part of the project: handlers are read as files, never run.
"""
