"""What can be called: providers, their models, their dialects, and the transport."""
