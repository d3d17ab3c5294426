"""E-mail to one person."""

from collections.abc import Callable
from smtplib import SMTPException

import structlog
from django.contrib.auth.models import User
from django.core.mail import send_mail

from config.people.preferences import writing_to

logger = structlog.stdlib.get_logger(__name__)


def send_to(person: User, words: Callable[[], tuple[str, str]]) -> bool:
    """Send an e-mail with the subject and the text that ``words`` returns, in the person's language.

    Return False if the server does not take it.
    """
    with writing_to(person):
        subject, text = words()
    try:
        send_mail(subject, text, None, [person.email])
    except (SMTPException, OSError) as error:
        logger.warning("email_not_sent", person=person.pk, error=type(error).__name__)
        return False
    return True
