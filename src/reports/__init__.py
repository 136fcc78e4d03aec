"""Named reports: what they declare, what callers may ask, and what they answer."""
