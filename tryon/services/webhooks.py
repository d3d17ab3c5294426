"""What FASHN tells us: a hint to look, never the truth. Webhooks are not signed; the token names the call."""

import structlog

from tryon.engine import actions
from tryon.models import Prediction

logger = structlog.stdlib.get_logger(__name__)


def webhook_receive(*, token: str, provider_id: str) -> bool:
    """Note that a prediction is done, or learn its id, and have FASHN asked. False for an unknown token.

    Safe to repeat. ``provider_id`` counts only where the submission was never answered; it may be empty.
    """
    prediction = Prediction.objects.filter(callback_token=token).first()
    if prediction is None:
        return False
    if actions.note_webhook(prediction, provider_id=provider_id):
        logger.info("submission_adopted", job_id=str(prediction.job_id), provider_id=provider_id)
    return True
