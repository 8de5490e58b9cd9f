"""The verbs that bring new versions to the callers, and old ones back."""
