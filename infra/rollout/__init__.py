"""The canary: a state machine that moves an alias to a new version step by step, or back."""
