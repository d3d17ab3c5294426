"""Requests to addresses that others name: FASHN's pictures and the photos of shops."""
