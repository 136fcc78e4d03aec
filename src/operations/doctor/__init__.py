"""Compares a deployment with its Stripe account and its database, and says what to mend."""
