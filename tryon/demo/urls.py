"""Addresses below /demo/."""

from django.urls import path

from tryon.demo import views

urlpatterns = [path("", views.shop, name="demo-shop")]
