"""Providers and the models that they serve."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from typing_extensions import override
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from apps.core import formats
from apps.core.admin.base import HeadersField, ServiceAdmin, ServiceForm, badge, link, page_action
from apps.core.errors import InvalidInputError
from apps.providers import addresses, services
from apps.providers.models import OPERATIONS, Provider, ProviderModel

STATUS = {"enabled": "success", "disabled": "danger"}
SHOWN_OPERATIONS = 3
PRICE_LABELS = {
    "max_input_tokens": "Max input",
    "max_output_tokens": "Max output",
    "input_usd_per_mtok": "Input, $/M tokens",
    "output_usd_per_mtok": "Output, $/M tokens",
    "cache_read_usd_per_mtok": "Cache read, $/M tokens",
    "cache_write_usd_per_mtok": "Cache write, $/M tokens",
}


class ProviderForm(ServiceForm):
    """A provider as `save_provider` takes it."""

    extra_headers = HeadersField(widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))

    class Meta:
        model = Provider
        exclude = ["created_at"]
        widgets = {"options": UnfoldAdminTextareaWidget(attrs={"rows": 3})}
        help_texts = {
            "options": "Options of its dialect, as a JSON object.",
        }

    def clean_options(self) -> Any:
        return self.cleaned_data["options"] or {}

    @override
    def store(self, instance: Provider) -> None:
        services.save_provider(provider=instance)


class PricedForm(ServiceForm):
    """A model as `save_model` takes it; its prices without zeros that say nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in services.PRICES:
            if self.initial.get(name) is not None:
                self.initial[name] = _short(self.initial[name])

    @override
    def store(self, instance: ProviderModel) -> None:
        services.save_model(model=instance)


class ProviderModelForm(PricedForm):
    """A model on its own page."""

    operations = forms.MultipleChoiceField(
        choices=[(name, name.replace("_", " ")) for name in OPERATIONS],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        initial=["chat", "count_tokens"],
        help_text="What the model can be called for.",
    )

    class Meta:
        model = ProviderModel
        exclude = ["created_at"]
        labels = PRICE_LABELS


class ModelRowForm(PricedForm):
    """A model in one row; what it offers is changed on its own page."""

    class Meta:
        model = ProviderModel
        fields = [
            "name", "max_input_tokens", "max_output_tokens", "input_usd_per_mtok",
            "output_usd_per_mtok",
        ]  # fmt: skip
        labels = PRICE_LABELS
        help_texts = dict.fromkeys(fields, "")

    @override
    def rehearse(self, instance: ProviderModel) -> None:
        services.check_model(instance)


class ProviderModelInline(TabularInline):
    """The models of a provider."""

    model = ProviderModel
    form = ModelRowForm
    fields = [*ModelRowForm.Meta.fields, "offers"]
    readonly_fields = ["offers"]
    ordering = ["name"]
    extra = 0
    hide_title = True
    show_change_link = True

    @display(description="Operations")
    def offers(self, model: ProviderModel) -> str:
        return _operations(model)


@admin.register(Provider)
class ProviderAdmin(ServiceAdmin):
    """Upstream accounts."""

    form = ProviderForm
    list_display = [
        "slug", "label", "speaks", "base_url", "model_link", "owner", "state", "simulated",
    ]  # fmt: skip
    list_filter = [
        ("dialect", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        "is_simulated",
        ("team", RelatedDropdownFilter),
    ]
    list_select_related = ["team"]
    search_fields = ["slug", "name", "base_url"]
    ordering = ["slug"]
    autocomplete_fields = ["team"]
    inlines = [ProviderModelInline]
    actions_detail = ["enter_secret"]
    fieldsets = [
        (None, {"fields": [("name", "slug"), ("dialect", "base_url"), ("status", "team")]}),
        ("On the wire", {"fields": ["auth", "extra_headers", "options"]}),
        ("Simulation", {"fields": ["is_simulated"]}),
    ]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Provider]:
        providers: QuerySet[Provider] = super().get_queryset(request)
        return providers.annotate(model_count=Count("models"))

    @display(description="Name", ordering="name")
    def label(self, provider: Provider) -> str:
        return provider.name

    @display(description="Dialect", ordering="dialect")
    def speaks(self, provider: Provider) -> str:
        return provider.get_dialect_display()

    @display(description="Models", ordering="model_count")
    def model_link(self, provider: Any) -> str:
        url = reverse("admin:providers_providermodel_changelist")
        return link(f"{url}?provider__id__exact={provider.pk}", str(provider.model_count))

    @display(description="Team", ordering="team__slug")
    def owner(self, provider: Provider) -> str:
        return provider.team.slug if provider.team else "shared"

    @display(description="Status", ordering="status")
    def state(self, provider: Provider) -> str:
        return badge(STATUS[provider.status], provider.get_status_display())

    @display(description="Answers", ordering="is_simulated")
    def simulated(self, provider: Provider) -> str:
        return badge("warning", "Simulated") if provider.is_simulated else "Real"

    def has_enter_secret_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("credentials.add_credential")

    @page_action(description="Enter secret", icon="key", permissions=["enter_secret"])
    def enter_secret(self, request: HttpRequest, object_id: str) -> Any:
        url = reverse("admin:credentials_credential_add")
        return redirect(f"{url}?provider={unquote(object_id)}")

    @override
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "base_url" in form.changed_data:
            before = _origin(form.initial["base_url"])
            if before != _origin(obj.base_url):
                self.message_user(
                    request,
                    f"The secret of {obj.slug} was entered for {before} and is not sent anywhere "
                    "else. Enter it again.",
                    messages.WARNING,
                )


@admin.register(ProviderModel)
class ProviderModelAdmin(ServiceAdmin):
    """Models: what they offer, their limits and prices."""

    form = ProviderModelForm
    list_display = ["name", "provider", "offers", "limits", "prices", "simulated"]
    list_filter = [("provider", RelatedDropdownFilter), "provider__is_simulated"]
    list_select_related = ["provider"]
    search_fields = ["name", "provider__slug"]
    ordering = ["provider__slug", "name"]
    autocomplete_fields = ["provider"]
    fieldsets = [
        (None, {"fields": [("provider", "name"), "operations"]}),
        ("Limits", {"fields": [("max_input_tokens", "max_output_tokens")]}),
        (
            "Prices",
            {
                "fields": [
                    ("input_usd_per_mtok", "output_usd_per_mtok"),
                    ("cache_read_usd_per_mtok", "cache_write_usd_per_mtok"),
                ]
            },
        ),
    ]

    @display(description="Operations")
    def offers(self, model: ProviderModel) -> str:
        return _operations(model)

    @display(description="Max tokens, in → out", ordering="max_input_tokens")
    def limits(self, model: ProviderModel) -> str:
        used, made = model.max_input_tokens, model.max_output_tokens
        return f"{formats.count(used)} → {formats.count(made)}"

    @display(description="$/M tokens, in → out", ordering="input_usd_per_mtok")
    def prices(self, model: ProviderModel) -> str:
        if model.input_usd_per_mtok is None and model.output_usd_per_mtok is None:
            return "price list"
        return f"{_price(model.input_usd_per_mtok)} → {_price(model.output_usd_per_mtok)}"

    @display(description="Answers")
    def simulated(self, model: ProviderModel) -> str:
        return badge("warning", "Simulated") if model.provider.is_simulated else "Real"


def _operations(model: ProviderModel) -> str:
    names = [name.replace("_", " ") for name in model.operations]
    more = len(names) - SHOWN_OPERATIONS
    shown = ", ".join(names[:SHOWN_OPERATIONS])
    return f"{shown} and {more} more" if more > 0 else shown


def _price(price: Decimal | None) -> str:
    return formats.NOTHING if price is None else f"${_short(price):f}"


def _short(price: Decimal) -> Decimal:
    whole = price.to_integral_value()
    return whole if whole == price else price.normalize()


def _origin(base_url: str) -> str:
    try:
        return addresses.check_base_url(base_url, private=services.private_upstreams()).text
    except InvalidInputError:
        return base_url
