"""Measuring the read paths: what is asked, how it is sent, and what the figures say."""
