"""What `safepassage-node` can do, a noun a file."""
