"""Benchmarks: numbers to read, never to assert."""
