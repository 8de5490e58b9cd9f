"""Deployment without people: pipelines in AWS, and roles for workflows on GitHub."""
