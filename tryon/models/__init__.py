"""Product photos, jobs, their predictions and their events."""

from tryon.models.events import EventKind, JobEvent
from tryon.models.governor import Account, Governor, Pause
from tryon.models.jobs import ACTIVE, ERASED, JobViewer, Lane, Payer, Status, TryOnJob, ViewerGarment
from tryon.models.predictions import IN_FLIGHT, Prediction, PredictionState
from tryon.models.products import ProductImage

__all__ = [
    "ACTIVE",
    "ERASED",
    "IN_FLIGHT",
    "Account",
    "EventKind",
    "Governor",
    "JobEvent",
    "JobViewer",
    "Lane",
    "Pause",
    "Payer",
    "Prediction",
    "PredictionState",
    "ProductImage",
    "Status",
    "TryOnJob",
    "ViewerGarment",
]
