"""The options of the cost model: what each number may be, and which count for nothing without another."""
