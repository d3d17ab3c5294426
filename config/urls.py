"""Addresses."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config.core.doctor.public import mirror
from config.core.http.health import healthz, readyz
from config.core.storage.local import serve_signed_file
from tryon.metrics.views import metrics

handler400 = "config.core.http.exceptions.bad_request"
handler404 = "config.core.http.exceptions.page_not_found"
handler500 = "config.core.http.exceptions.server_error"


@require_safe
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """Answer the address that browsers ask by themselves where a page names no icon."""
    return HttpResponseRedirect(static("tryon/icon.svg"))


urlpatterns = [
    path(
        "", RedirectView.as_view(pattern_name="admin:index", http_method_names=["get", "head"]), name="home"
    ),
    path("api/tryon/", include("config.shops.api")),
    path("api/tryon/", include("models_library.api.urls")),
    path("api/tryon/", include("results.api.urls")),
    path("api/tryon/", include("tryon.api.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("demo/", include("tryon.demo.urls")),
    path("admin/", admin.site.urls),
    path("media/<path:key>", serve_signed_file, name="media"),
    path("favicon.ico", favicon, name="favicon"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("doctor/<str:token>", mirror, name="doctor"),
]
