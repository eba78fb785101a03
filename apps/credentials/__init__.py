"""Secrets that the portal presents to providers."""
