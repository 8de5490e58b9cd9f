"""Work nobody waits for: the projection of the table's stream, maintenance, verification."""
