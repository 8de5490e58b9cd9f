"""The costs of what stands in front: CloudFront with the page and its firewall, access codes and sessions."""
