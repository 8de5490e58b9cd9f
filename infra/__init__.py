"""The stack's program: typed components that `__main__.py` puts together.

`settings` is the only reader of configuration; `naming` holds what can be computed without a cloud. Of `handlers` only
names are read: environment variables, routes and the table's definition.
"""
