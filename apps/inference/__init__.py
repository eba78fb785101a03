"""The engine: one call, from principal to reply."""
