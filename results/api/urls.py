"""Addresses of results, below /api/tryon/."""

from django.urls import path

from config.core.http import ids  # noqa: F401  (it registers <id:…>)
from config.core.http.conditional import conditional
from results.api import views

urlpatterns = [
    path("results", views.ResultsView.as_view(), name="api-results"),
    path("results/<id:result_id>", conditional(views.ResultView.as_view()), name="api-result"),
    path("results/<id:result_id>/feedback", views.FeedbackView.as_view(), name="api-result-feedback"),
]
