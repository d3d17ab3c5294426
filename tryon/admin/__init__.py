"""Product photos and jobs in the admin."""

from tryon.admin.jobs import TryOnJobAdmin
from tryon.admin.products import ProductImageAdmin

__all__ = ["ProductImageAdmin", "TryOnJobAdmin"]
