"""Warnings about pictures that were taken, as the API returns them."""

from collections.abc import Iterable
from typing import Annotated, NotRequired, TypedDict

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.images import ImageWarning


class WarningAnswer(TypedDict):
    """Something about a photo that was taken."""

    code: str
    message: str
    id: NotRequired[Annotated[str, _("The other photo, where the warning is about one.")]]


def warning_answers(warnings: Iterable[ImageWarning]) -> list[WarningAnswer]:
    return [_answer(warning) for warning in warnings]


def _answer(warning: ImageWarning) -> WarningAnswer:
    answer: WarningAnswer = {"code": warning.code, "message": gettext(warning.message)}
    if warning.photo:
        answer["id"] = warning.photo
    return answer
