"""The data plane's routes in Django's URLconf, for the schema, the test client and `reverse`."""

from django.urls import path

from apps.gateway.operations import OPERATIONS

app_name = "gateway"
urlpatterns = [path(view.path, view.as_view(), name=view.__name__) for view in OPERATIONS]
