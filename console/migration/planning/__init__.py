"""From a schema, its data and the rules to a plan."""
