"""The verbs that say what a deployment changes, bring new versions to the callers, and old ones back."""
