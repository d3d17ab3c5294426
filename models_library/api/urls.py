"""Addresses below /api/tryon/models."""

from django.urls import path

from models_library.api import views

urlpatterns = [
    path("", views.ModelImagesView.as_view(), name="api-models"),
    path("/<uuid:image_id>", views.ModelImageView.as_view(), name="api-model"),
]
