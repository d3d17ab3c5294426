"""Chaos: real processes, a seeded schedule of accidents, and four counts that must be zero."""
