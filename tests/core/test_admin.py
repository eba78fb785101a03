"""What the admins share: forms that speak with the services' words."""

import pytest
from django import forms
from django.utils.html import escape

from apps.core.admin.base import HeadersField, add_portal_error, badge
from apps.core.errors import InvalidInputError


class _Form(forms.Form):
    headers = HeadersField()
    name = forms.CharField(required=False)


class TestHeadersField:
    @pytest.mark.parametrize(
        ("text", "headers"),
        [
            ("", {}),
            ("A: b", {"A": "b"}),
            ("A: b\r\n\r\nC:d: e ", {"A": "b", "C": "d: e"}),
        ],
    )
    def test_reads_a_header_a_line(self, text: str, headers: dict[str, str]) -> None:
        form = _Form({"headers": text})

        assert form.is_valid()
        assert form.cleaned_data["headers"] == headers

    @pytest.mark.parametrize("text", ["no colon", ": no name", "A: b\nA: c"])
    def test_refuses_what_is_no_header(self, text: str) -> None:
        assert list(_Form({"headers": text}).errors) == ["headers"]

    def test_shows_what_it_reads(self) -> None:
        headers = {"A": "b", "C": "d: e"}

        shown = HeadersField().prepare_value(headers)

        assert HeadersField().clean(shown) == headers
        assert not HeadersField().has_changed(headers, shown)
        assert HeadersField().has_changed(headers, "A: other")
        assert HeadersField().has_changed(headers, "no colon")


class TestAddPortalError:
    @pytest.mark.parametrize(
        ("param", "field"),
        [
            ("name", "name"),
            ("headers.X-A", "headers"),
            ("name[0].x", "name"),
            ("other", "__all__"),
            (None, "__all__"),
        ],
    )
    def test_finds_the_field_that_is_at_fault(self, param: str | None, field: str) -> None:
        form = _Form({})
        form.full_clean()

        add_portal_error(form, InvalidInputError("No.", param=param))

        assert form.errors == {field: ["No."]}


class TestBadge:
    def test_escapes_its_text(self) -> None:
        assert escape("<b>") in badge("info", "<b>")
