"""Addresses of the library, below /api/tryon/."""

from django.urls import path
from django.views.decorators.http import conditional_page

from config.core.http import ids  # noqa: F401  (it registers <id:…>)
from models_library.api import views

urlpatterns = [
    path("models", conditional_page(views.ModelImagesView.as_view()), name="api-models"),
    path("models/<id:image_id>", views.ModelImageView.as_view(), name="api-model"),
]
