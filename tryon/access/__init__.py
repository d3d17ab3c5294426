"""Access to private rows.

Each function raises the same "not found" for a missing row and for another caller's row.
"""
