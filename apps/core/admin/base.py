"""The admin classes and form parts that every app builds on."""

import copy
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html
from django.utils.safestring import SafeString
from typing_extensions import override
from unfold.admin import ModelAdmin
from unfold.decorators import action

from apps.core.errors import PortalError
from apps.core.formats import NOTHING

_View = TypeVar("_View", bound=Callable[..., Any])

# The classes of the theme's own labels.
BADGE: Final = (
    "inline-block font-semibold rounded-default text-[11px] uppercase whitespace-nowrap "
    "h-6 leading-6 px-2"
)
BADGES: Final = {
    "success": "bg-green-100 text-green-700 dark:bg-green-500/20 dark:text-green-400",
    "danger": "bg-red-100 text-red-700 dark:bg-red-500/20 dark:text-red-400",
    "warning": "bg-orange-100 text-orange-700 dark:bg-orange-500/20 dark:text-orange-400",
    "info": "bg-blue-100 text-blue-700 dark:bg-blue-500/20 dark:text-blue-400",
    "plain": "bg-base-500/8 text-base-700 dark:bg-base-500/20 dark:text-base-200",
}


class PortalAdmin(ModelAdmin):
    """How every table looks."""

    compressed_fields = True
    warn_unsaved_form = True
    list_filter_submit = True
    list_per_page = 50
    empty_value_display = NOTHING
    # The theme types what nobody has set yet as empty for good.
    actions_detail: Sequence[str] = ()  # type: ignore[assignment]
    add_fieldsets: Any = ()

    def render_page(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> TemplateResponse:
        """A page of our own inside the admin's frame."""
        return TemplateResponse(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": title,
                "media": self.media,
                "is_popup": IS_POPUP_VAR in request.GET,
                **context,
            },
        )

    def find(self, request: HttpRequest, object_id: str) -> Any:
        """The row of a page of our own, by the id as the admin spells it in a path."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return row


class ReadOnlyAdmin(PortalAdmin):
    """A ledger or a log: nothing in it is added, changed or deleted by hand."""

    warn_unsaved_form = False
    show_full_result_count = False

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def add_portal_error(form: forms.BaseForm, error: PortalError) -> None:
    """Show an error of a service at the field that it names, or above the form."""
    field = (error.param or "").partition(".")[0].partition("[")[0]
    form.add_error(field if field in form.fields else None, error.message)


def _leave_to_the_service(exclude: Any = None) -> None:
    """Stand in for `Model.validate_constraints`."""


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that refuses what the service refuses, in the service's words, at the right field.

    `store` is the service call that saves an instance. It is rehearsed on a copy, in a savepoint
    that is rolled back, so that the form and the API can never disagree on what is allowed.
    """

    def store(self, instance: Any) -> None:
        raise NotImplementedError

    def rehearse(self, instance: Any) -> None:
        """Try to store it. Rows under a parent that is new itself can only be checked."""
        self.store(instance)

    @override
    def save(self, commit: bool = True) -> Any:
        if commit and not self.errors:
            self.store(self.instance)
            return self.instance
        return super().save(commit=commit)

    def _post_clean(self) -> None:
        # The service has better words than the name of a constraint, and knows the field.
        self.instance.validate_constraints = _leave_to_the_service
        try:
            super()._post_clean()  # type: ignore[misc]
        finally:
            del self.instance.validate_constraints

    @override
    def validate_unique(self) -> None:
        """Rehearse: the last step of Django's own validation."""
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.rehearse(copy.copy(self.instance))
                transaction.set_rollback(True)
        except PortalError as error:
            add_portal_error(self, error)


class ServiceAdmin(PortalAdmin):
    """An admin whose saves go through the service that its `form` names."""

    form: type[ServiceForm] = ServiceForm
    actions_detail: Sequence[str] = ()

    @override
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        form.store(obj)

    @override
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except PortalError as error:
            # The rehearsal had passed: somebody else was faster.
            self.message_user(request, error.message, messages.ERROR)
            return redirect(request.get_full_path())


class HeadersField(forms.CharField):
    """Headers of HTTP as lines `Name: value`, kept as a mapping."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            **{
                "required": False,
                "help_text": "One header a line, as Name: value. None that carries a secret.",
                **options,
            }
        )

    @override
    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return "\n".join(f"{name}: {text}" for name, text in value.items())
        return value

    @override
    def to_python(self, value: Any) -> Any:
        headers: dict[str, str] = {}
        for line in str(value or "").splitlines():
            name, colon, text = line.partition(":")
            if not line.strip():
                continue
            if not colon or not name.strip():
                raise forms.ValidationError(f"Not a header: {line.strip()[:80]!r}. Name: value.")
            if name.strip() in headers:
                raise forms.ValidationError(f"The header {name.strip()[:80]} is given twice.")
            headers[name.strip()] = text.strip()
        return headers

    @override
    def validate(self, value: Any) -> None:
        """Any mapping will do; the service checks names and values."""

    @override
    def run_validators(self, value: Any) -> None:
        """Those of a text would not understand a mapping."""

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or {}) != self.to_python(data))
        except forms.ValidationError:
            return True


def page_action(**options: Any) -> Callable[[_View], _View]:
    """A button on the page of a row; `unfold.decorators.action` with the type that it has."""
    return cast("Callable[[_View], _View]", action(**options))


def unkept(response: HttpResponse) -> HttpResponse:
    """Let nobody keep a copy of a page: no cache, no history of a browser."""
    add_never_cache_headers(response)
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Pragma"] = "no-cache"
    return response


def badge(kind: str, text: str) -> SafeString:
    """A coloured word; `kind` is one of BADGES."""
    return format_html('<span class="{} {}">{}</span>', BADGE, BADGES[kind], text)


def link(url: str, text: str) -> SafeString:
    """A link in a list or form."""
    return format_html('<a class="portal-link" href="{}">{}</a>', url, text)
