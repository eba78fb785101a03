"""Wire formats, both halves each, pure."""
