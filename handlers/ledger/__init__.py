"""The append-only log in DynamoDB."""
