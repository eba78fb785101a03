"""Finding applications."""

import pytest

from apps.access.selectors import application_named
from apps.core.errors import NotFoundError
from tests.access.factories import make_application

pytestmark = pytest.mark.django_db


class TestApplicationNamed:
    def test_takes_slug_id_and_display_name(self) -> None:
        application = make_application(slug="bot", name="The Bot")

        for name in ["bot", application.id, "The Bot"]:
            assert application_named(name) == application

    def test_refuses_a_name_of_several_and_lists_what_there_is(self) -> None:
        make_application(slug="one", name="Twin")
        make_application(slug="two", name="Twin")

        with pytest.raises(NotFoundError, match="There are: one, two"):
            application_named("Twin")
