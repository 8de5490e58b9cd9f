"""Who may come in: access codes, the sessions they are exchanged for, and the decision that the gateway asks for."""
