"""Scopes as check boxes with what they mean in plain words."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.access.scopes import SCOPES


class ScopesField(forms.MultipleChoiceField):
    """Choose among `allowed`, or among all scopes."""

    def __init__(self, *, allowed: Iterable[str] | None = None, **options: Any) -> None:
        super().__init__(
            choices=scope_choices(SCOPES if allowed is None else allowed),
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            **options,
        )


def scope_choices(names: Iterable[str]) -> list[tuple[str, str]]:
    """Choices in the order of the table; a name that is in no table any more stays visible."""
    wanted = list(names)
    known = [name for name in SCOPES if name in wanted]
    return [(name, _label(name)) for name in [*known, *sorted(set(wanted).difference(known))]]


def _label(name: str) -> str:
    scope = SCOPES.get(name)
    if scope is None:
        return name
    note = " (sensitive)" if scope.sensitive else ""
    return format_html("<code>{}</code> {}{}", name, scope.description, note)
