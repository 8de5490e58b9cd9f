"""The Lambda functions: the standard library, boto3 in `aws/` alone, python-ulid on the write side."""
