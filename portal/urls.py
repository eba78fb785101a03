"""Where everything of the control plane is mounted."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from portal import health


def routes_of_apps() -> list[URLPattern | URLResolver]:
    """Mount the `api` of each app that has one: its `urlpatterns`, under `/api/`."""
    found: list[URLPattern | URLResolver] = []
    for config in apps.get_app_configs():
        if config.name.startswith("apps.") and find_spec(f"{config.name}.api"):
            api = import_module(f"{config.name}.api")
            if getattr(api, "urlpatterns", None):
                found.append(path("api/", include(api.urlpatterns)))
    return found


urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    *routes_of_apps(),
    path("", include("apps.gateway.urls")),
]
