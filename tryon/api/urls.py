"""Addresses below /api/tryon/."""

from django.urls import path

from tryon.api import views

urlpatterns = [
    path("upload", views.UploadView.as_view(), name="api-upload"),
    path("generate", views.GenerateView.as_view(), name="api-generate"),
    path("jobs/<uuid:job_id>", views.JobView.as_view(), name="api-job"),
]
