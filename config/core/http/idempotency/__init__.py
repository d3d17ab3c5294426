"""Requests that may be repeated: an ``Idempotency-Key`` lets a request act once, and answers its repeats."""
