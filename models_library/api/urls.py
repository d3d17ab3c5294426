"""Addresses of the library, below /api/tryon/."""

from django.urls import path

from config.core.http import ids  # noqa: F401  (it registers <id:…>)
from config.core.http.conditional import conditional
from models_library.api import views

urlpatterns = [
    path("models", conditional(views.ModelImagesView.as_view()), name="api-models"),
    path("models/<id:image_id>", views.ModelImageView.as_view(), name="api-model"),
]
