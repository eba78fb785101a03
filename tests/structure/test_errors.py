"""Every deliberate error has a public code, chosen once."""

import importlib
import re
from collections import Counter

import pytest

from apps.core.errors import PortalError
from tests.structure.tree import APPS, app_names


def _portal_errors() -> list[type[PortalError]]:
    for app in app_names():
        if (APPS / app / "errors.py").exists():
            importlib.import_module(f"apps.{app}.errors")
    return sorted(_subclasses(PortalError), key=lambda error: error.__qualname__)


def _subclasses(error: type[PortalError]) -> set[type[PortalError]]:
    found = {sub for sub in error.__subclasses__() if sub.__module__.startswith("apps.")}
    return found.union(*(_subclasses(sub) for sub in found))


ERRORS = _portal_errors()


class TestErrorCodes:
    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
    def test_is_lowercase_words(self, error: type[PortalError]) -> None:
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", error.code)

    def test_is_chosen_once(self) -> None:
        # A class without a code of its own is the same failure to callers as its parent.
        uses = Counter(vars(error)["code"] for error in ERRORS if "code" in vars(error))

        assert [code for code, count in uses.items() if count > 1] == []

    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
    def test_belongs_to_a_class_that_ends_in_error(self, error: type[PortalError]) -> None:
        assert error.__name__.endswith("Error")
