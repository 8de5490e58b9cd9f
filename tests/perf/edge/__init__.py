"""What a cache in front keeps from the functions: nginx in CloudFront's place under a stated load."""
