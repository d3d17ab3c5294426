"""Addresses below /api/tryon/results/."""

from django.urls import path

from results.api import views

urlpatterns = [path("<uuid:result_id>", views.ResultView.as_view(), name="api-result")]
