"""Jobs, work that outlives a request: imports and rebuilds, and the messages that drive them."""
