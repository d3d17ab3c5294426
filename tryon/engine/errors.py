"""The errors that the engine raises to services."""


class TwinActive(Exception):
    """An identical job is active, and the database allows one for each recipe. Nothing has changed."""
