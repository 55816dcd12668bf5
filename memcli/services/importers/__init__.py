"""What other programs keep, as memories: one module a format, each a generator without a store."""
