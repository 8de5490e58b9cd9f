"""The gateway's question to its authorizer, who may come in, and the table and the key of sessions."""
