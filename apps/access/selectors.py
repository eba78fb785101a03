"""Reads on applications and keys."""

from django.db.models import Q

from apps.access.models import Application
from apps.core.errors import NotFoundError


def application_named(name: str) -> Application:
    """Find an application by its slug, id or display name.

    Raises:
        NotFoundError: there is none, or the display name is that of several.
    """
    exact = Application.objects.filter(Q(slug=name) | Q(id=name)).select_related("team").first()
    if exact is not None:
        return exact
    found = list(Application.objects.filter(name=name).select_related("team")[:2])
    if len(found) == 1:
        return found[0]
    slugs = ", ".join(Application.objects.order_by("slug").values_list("slug", flat=True)[:20])
    raise NotFoundError(f"There is no application {name}. There are: {slugs or 'none yet'}.")
