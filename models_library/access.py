"""The door to model photos."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from models_library.models import ModelImage
from models_library.selectors import model_image_find


class ModelImageNotFound(DomainError):
    code: ClassVar[str] = "model_image_not_found"
    status: ClassVar[int] = 404
    message: Any = _("There is no such model photo. Choose one from the list of models.")


def model_image_for(image_id: UUID) -> ModelImage:
    """Return a model photo, retired or not: the library belongs to every key. Raise ModelImageNotFound."""
    photo = model_image_find(image_id)
    if photo is None:
        raise ModelImageNotFound
    return photo
