"""Who may come in: what the gateway asks its authorizer, and the table and the key of sessions."""
