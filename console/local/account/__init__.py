"""The emulated account beside the table: buckets, queues, topic, state machine, and how it calls the functions."""
