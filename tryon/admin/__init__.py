"""Product photos, jobs, operations and the queues in the admin."""

from tryon.admin.erasing import ErasableModelImageAdmin
from tryon.admin.jobs import TryOnJobAdmin
from tryon.admin.operations import GovernorAdmin
from tryon.admin.products import ProductImageAdmin
from tryon.admin.queues import RqDashboardAdmin
from tryon.catalogue.releases_page import releases_page

__all__ = [
    "ErasableModelImageAdmin",
    "GovernorAdmin",
    "ProductImageAdmin",
    "RqDashboardAdmin",
    "TryOnJobAdmin",
    "releases_page",
]
