"""Times to expect of AWS before anything is deployed: operations that were counted, times published latencies."""
