"""The upkeep: the projection of the table's stream, maintenance, verification, warm sandboxes."""
