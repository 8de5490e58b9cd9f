"""From a result and its costs to a recommendation."""
