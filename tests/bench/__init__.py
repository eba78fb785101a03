"""Measure the portal on this machine: `python -m tests.bench` (or `make bench`)."""
