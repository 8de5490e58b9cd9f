"""From a gateway's event to an answer: request, router, response, and the line of each request in the log."""
