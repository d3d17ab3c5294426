"""FASHN's webhooks: hints to check, never the truth. They are unsigned; the token names the prediction."""

import structlog

from tryon.engine import actions
from tryon.models import Prediction

logger = structlog.stdlib.get_logger(__name__)


def is_callback_token(token: str) -> bool:
    """Return whether a prediction has this token."""
    return Prediction.objects.filter(callback_token=token).exists()


def webhook_receive(*, token: str, provider_id: str) -> bool:
    """Note that a prediction is done, or learn its id, and have FASHN asked. Return False for a bad token.

    It is safe to repeat. ``provider_id``, which may be empty, counts only if the submission got no answer.
    """
    prediction = Prediction.objects.filter(callback_token=token).first()
    if prediction is None:
        return False
    if actions.note_webhook(prediction, provider_id=provider_id):
        logger.info("submission_adopted", job_id=str(prediction.job_id), provider_id=provider_id)
    return True
