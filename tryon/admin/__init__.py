"""Product photos, jobs, operations and the queues in the admin."""

from tryon.admin.erasing import ErasableModelImageAdmin
from tryon.admin.jobs import TryOnJobAdmin
from tryon.admin.operations import GovernorAdmin
from tryon.admin.products import ProductImageAdmin
from tryon.admin.queues import RqDashboardAdmin

__all__ = [
    "ErasableModelImageAdmin",
    "GovernorAdmin",
    "ProductImageAdmin",
    "RqDashboardAdmin",
    "TryOnJobAdmin",
]
