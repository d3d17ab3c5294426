"""Queries, by what they ask about."""
