"""Allowances that the portal grants, and what was used."""
