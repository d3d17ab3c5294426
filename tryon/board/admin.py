"""The board in the admin."""

from tryon.board import pages  # noqa: F401  (registers the page)
