"""A stack seen from outside: alarms and the topic they go to, the dashboard, and the budget."""
