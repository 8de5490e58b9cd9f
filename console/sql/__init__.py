"""SQL at the command line: statements sent to the API, their rows shown, the prompt."""
