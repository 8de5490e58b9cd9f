"""In front of the gateway: the page at /dashboard/, the API at /api/, as CloudFront has both at one origin."""
