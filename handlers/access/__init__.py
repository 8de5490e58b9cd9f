"""Access codes, the sessions they are exchanged for, and the decision on who may come in."""
