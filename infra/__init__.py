"""The stack: settings, components, policies."""
