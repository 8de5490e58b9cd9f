"""The Lambda functions: nothing but the standard library, boto3 (on first use) and python-ulid (write side)."""

VERSION = "0.1.0"
