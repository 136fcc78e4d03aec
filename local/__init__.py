"""Stands in for AWS, Stripe and a database server on one machine."""
