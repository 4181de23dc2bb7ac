"""Measurements: how often the right fact comes first, how fast, and how much memory that takes. Not tests."""
