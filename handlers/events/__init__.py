"""Events, which tell of what happened: put down in the table, and sent from its stream by the worker."""
