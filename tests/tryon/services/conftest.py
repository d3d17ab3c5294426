"""An eraser, and somebody with an upload of the same picture."""

import pytest
from django.contrib.auth.models import User

from config.shops.callers import Caller
from models_library.models import ModelImage
from tests import images
from tests.conftest import Api, data_of
from tryon.models import ProductImage
from tryon.services.erasing import Erased, photo_erase

type Photo = ProductImage | ModelImage


def erase(photo: Photo) -> Erased:
    person, _ = User.objects.get_or_create(username="eraser")
    return photo_erase(photo, Caller(f"user:{person.pk}", is_manager=True))


@pytest.fixture
def strangers_id(stranger: Api) -> str:
    """The stranger's own upload of the picture that the owner has uploaded."""
    return str(data_of(stranger.upload(images.garment_photo(images.SMALL_SQUARE)))["id"])
