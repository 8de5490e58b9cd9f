"""The only room that loads boto3."""
