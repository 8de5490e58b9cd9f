"""From a gateway's event to an answer."""
