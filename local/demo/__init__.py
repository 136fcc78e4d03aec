"""A short story of payments, played through the real handlers for a person to read."""
