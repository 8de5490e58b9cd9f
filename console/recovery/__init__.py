"""Disasters: tried on a local stack, and as commands for one on AWS."""
