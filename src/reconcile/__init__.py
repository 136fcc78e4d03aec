"""Finds what Stripe knows and the till does not, and sends it through the five steps."""
