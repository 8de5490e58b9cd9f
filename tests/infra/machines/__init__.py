"""Tests of what the state machines share."""
