"""Product photos, jobs, operations and the queues in the admin."""

from tryon.admin.cleanups import cleanups
from tryon.admin.erasing import ErasableModelImageAdmin
from tryon.admin.first_run import first_run_page
from tryon.admin.jobs import TryOnJobAdmin
from tryon.admin.operations import GovernorAdmin
from tryon.admin.products import ProductImageAdmin
from tryon.admin.queues import RqDashboardAdmin
from tryon.admin.search import search_page
from tryon.catalogue.releases_page import releases_page

__all__ = [
    "ErasableModelImageAdmin",
    "GovernorAdmin",
    "ProductImageAdmin",
    "RqDashboardAdmin",
    "TryOnJobAdmin",
    "cleanups",
    "first_run_page",
    "releases_page",
    "search_page",
]
