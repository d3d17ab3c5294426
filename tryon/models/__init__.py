"""Product photos, jobs, their predictions and their events."""

from tryon.models.erasures import Erasure
from tryon.models.events import EventKind, JobEvent
from tryon.models.governor import Account, Governor, Pause, account_label, further_account
from tryon.models.jobs import (
    ACTIVE,
    ERASED,
    Lane,
    NewOwner,
    Payer,
    Status,
    TryOnJob,
)
from tryon.models.predictions import IN_FLIGHT, INLINE, Prediction, PredictionState
from tryon.models.products import GarmentCategory, ProductImage
from tryon.models.shopper_photos import ShopperPhoto
from tryon.models.viewers import JobViewer, ViewerGarment

__all__ = [
    "ACTIVE",
    "ERASED",
    "INLINE",
    "IN_FLIGHT",
    "Account",
    "Erasure",
    "EventKind",
    "GarmentCategory",
    "Governor",
    "JobEvent",
    "JobViewer",
    "Lane",
    "NewOwner",
    "Pause",
    "Payer",
    "Prediction",
    "PredictionState",
    "ProductImage",
    "ShopperPhoto",
    "Status",
    "TryOnJob",
    "ViewerGarment",
    "account_label",
    "further_account",
]
