"""HTTP in: the public contract, one file per operation."""
