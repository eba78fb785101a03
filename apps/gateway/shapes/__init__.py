"""What the bodies of the data plane look like, as JSON Schema for the OpenAPI document.

A dialect's bodies are its SDK's own: the main fields are described, all others are allowed too.
What the portal itself writes (lists of models, errors) is described exactly.
"""
