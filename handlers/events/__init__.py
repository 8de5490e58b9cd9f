"""What is told outside: events put down in the table with what they tell of, and sent from its stream."""
