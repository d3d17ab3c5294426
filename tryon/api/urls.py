"""Addresses below /api/tryon/."""

from django.urls import path

from config.core.http import ids  # noqa: F401  (it registers <id:…>)
from config.core.http.conditional import conditional
from tryon.api import (
    operations,
    product_photos,
    shopper_photos,
    shoppers,
    uploads,
    views,
    webhook_deliveries,
    webhook_endpoints,
)

urlpatterns = [
    path("upload", uploads.UploadView.as_view(), name="api-upload"),
    path("uploads", uploads.UploadsView.as_view(), name="api-uploads"),
    path("uploads/<id:photo_id>", uploads.UploadedView.as_view(), name="api-upload-one"),
    path("product-photos", product_photos.ProductPhotosView.as_view(), name="api-product-photos"),
    path("shopper-photos", shopper_photos.ShopperPhotosView.as_view(), name="api-shopper-photos"),
    path(
        "shopper-photos/<id:shopper_photo_id>",
        shopper_photos.ShopperPhotoView.as_view(),
        name="api-shopper-photo",
    ),
    path("shoppers/me", shoppers.OwnDataView.as_view(), name="api-shopper-me"),
    path("shoppers/<text:shopper_id>", shoppers.ShopperView.as_view(), name="api-shopper"),
    path("erasures/<id:erasure_id>", shoppers.ErasureView.as_view(), name="api-erasure"),
    path("generate", views.GenerateView.as_view(), name="api-generate"),
    path("generate/price", views.PriceView.as_view(), name="api-price"),
    path("jobs", views.JobsView.as_view(), name="api-jobs"),
    path("jobs/<id:job_id>", conditional(views.JobView.as_view()), name="api-job"),
    path("jobs/<id:job_id>/cancel", views.JobCancelView.as_view(), name="api-job-cancel"),
    path("jobs/<id:job_id>/retry", views.JobRetryView.as_view(), name="api-job-retry"),
    path("stats", operations.StatsView.as_view(), name="api-stats"),
    path("stats/pause", operations.PauseView.as_view(), name="api-pause"),
    path("stats/resume", operations.ResumeView.as_view(), name="api-resume"),
    path("webhook-endpoints", webhook_endpoints.WebhookEndpointsView.as_view(), name="api-webhook-endpoints"),
    path(
        "webhook-endpoints/<id:endpoint_id>",
        webhook_endpoints.WebhookEndpointView.as_view(),
        name="api-webhook-endpoint",
    ),
    path(
        "webhook-endpoints/<id:endpoint_id>/test",
        webhook_deliveries.WebhookTestView.as_view(),
        name="api-webhook-test",
    ),
    path(
        "webhook-endpoints/<id:endpoint_id>/deliveries",
        webhook_deliveries.WebhookDeliveriesView.as_view(),
        name="api-webhook-deliveries",
    ),
    path(
        "webhook-endpoints/<id:endpoint_id>/deliveries/<id:event_id>",
        webhook_deliveries.WebhookDeliveryView.as_view(),
        name="api-webhook-delivery",
    ),
    path(
        "webhook-endpoints/<id:endpoint_id>/deliveries/<id:event_id>/redeliver",
        webhook_deliveries.WebhookRedeliveryView.as_view(),
        name="api-webhook-redelivery",
    ),
    path("webhooks/fashn/<slug:token>", operations.FashnWebhookView.as_view(), name="fashn-webhook"),
]
