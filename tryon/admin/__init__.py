"""Product photos and jobs in the admin."""

from tryon.admin.jobs import TryOnJobAdmin
from tryon.admin.operations import GovernorAdmin
from tryon.admin.products import ProductImageAdmin

__all__ = ["GovernorAdmin", "ProductImageAdmin", "TryOnJobAdmin"]
