"""What is to be visited: which URLs at all (scope), which first (order), and the durable queue of them (frontier)."""
