"""Addresses of results, below /api/tryon/."""

from django.urls import path

from results.api import views

urlpatterns = [
    path("results", views.ResultsView.as_view(), name="api-results"),
    path("results/<uuid:result_id>", views.ResultView.as_view(), name="api-result"),
    path("results/<uuid:result_id>/feedback", views.FeedbackView.as_view(), name="api-result-feedback"),
]
