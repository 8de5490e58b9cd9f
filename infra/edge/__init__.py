"""In front of the API: CloudFront with the page, its rules for caching, its firewall and its logs."""
