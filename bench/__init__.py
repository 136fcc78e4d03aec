"""Benchmarks, with their last results beside them."""
