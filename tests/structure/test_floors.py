"""Every app takes a floor, and Django knows the apps that are there."""

import re

from django.conf import settings

from tests.structure.tree import app_names, pyproject


def _floors() -> list[list[str]]:
    contracts = pyproject()["tool"]["importlinter"]["contracts"]
    floors = next(contract for contract in contracts if contract["name"] == "floors")
    return [re.findall(r"\w+", layer) for layer in floors["layers"]]


class TestFloors:
    def test_every_app_takes_exactly_one_floor(self) -> None:
        places = [app for floor in _floors() for app in floor]

        assert len(places) == len(set(places))
        assert set(app_names()) <= set(places)

    def test_every_app_is_installed(self) -> None:
        installed = {name.split(".")[1] for name in settings.INSTALLED_APPS if name[:5] == "apps."}

        assert set(app_names()) == installed
