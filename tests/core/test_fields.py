"""Fields that every app uses."""

from apps.accounts.models import Team
from apps.core.fields import PublicIdField


class TestPublicIdField:
    def test_makes_an_id_for_each_row(self) -> None:
        first, second = Team(), Team()

        assert first.pk.startswith("team_")
        assert first.pk != second.pk

    def test_is_written_into_migrations_by_its_prefix_alone(self) -> None:
        _, path, arguments, options = PublicIdField("team").deconstruct()

        assert (path, arguments, options) == ("apps.core.fields.PublicIdField", ["team"], {})
        assert PublicIdField(*arguments, **options).max_length == 40
