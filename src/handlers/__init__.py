"""Lambda entry points: an AWS event in, a call into the domain, an AWS response out."""
