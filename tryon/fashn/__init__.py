"""FASHN's API in plain Python: no Django, no database, no settings."""
