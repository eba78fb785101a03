from typing import Any

import pytest

from apps.core.errors import ConflictError, InvalidInputError
from apps.inference import services
from apps.inference.models import Endpoint, Target
from tests.access.factories import make_team
from tests.inference.factories import make_endpoint, make_target
from tests.providers.factories import make_model, make_provider

pytestmark = pytest.mark.django_db


class TestSaveEndpoint:
    @pytest.mark.parametrize("name", ["fast", "openai/gpt-5", "a:b@c_d-e.f", "x" * 128])
    def test_publishes_a_name(self, name: str) -> None:
        assert Endpoint.objects.get(pk=make_endpoint(name=name).pk).name == name

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"name": ""}, "name"),
            ({"name": "a b"}, "name"),
            ({"name": "ü"}, "name"),
            ({"name": "a\n"}, "name"),
            ({"name": "x" * 129}, "name"),
            ({"body_policy": "some"}, "body_policy"),
            ({"timeout_s": 0}, "timeout_s"),
            ({"timeout_s": -1}, "timeout_s"),
        ],
    )
    def test_says_what_is_wrong(self, fields: dict[str, Any], param: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            make_endpoint(**fields)

        assert caught.value.param == param
        assert not Endpoint.objects.exists()

    def test_a_name_never_changes(self) -> None:
        endpoint = make_endpoint(name="fast")
        endpoint.name = "slow"

        with pytest.raises(ConflictError, match="never changes"):
            services.save_endpoint(endpoint=endpoint)

    def test_a_name_is_taken_once_per_team_and_once_among_the_shared(self) -> None:
        team = make_team()
        make_endpoint(name="fast")
        make_endpoint(name="fast", team=team)

        for owner in [None, team]:
            with pytest.raises(ConflictError):
                make_endpoint(name="fast", team=owner)


class TestSaveTarget:
    def test_refuses_a_weight_that_nobody_could_draw(self) -> None:
        with pytest.raises(InvalidInputError) as caught:
            make_target(endpoint=make_endpoint(), weight=0)

        assert caught.value.param == "weight"

    def test_refuses_headers_that_others_own(self) -> None:
        with pytest.raises(InvalidInputError):
            make_target(endpoint=make_endpoint(), extra_headers={"authorization": "x"})

    def test_refuses_the_provider_of_another_team(self) -> None:
        own, other = make_team(), make_team()
        model = make_model(provider=make_provider(team=other))

        for team in [own, None]:
            with pytest.raises(InvalidInputError, match="another team") as caught:
                make_target(endpoint=make_endpoint(team=team), model=model)
            assert caught.value.param == "model"
        assert make_target(endpoint=make_endpoint(team=other), model=model).pk


class TestSetTargets:
    def test_adds_changes_and_takes_away(self) -> None:
        kept, gone, added = make_model(), make_model(), make_model()
        endpoint = make_endpoint(kept, gone)
        before = endpoint.targets.get(model=kept)

        changed = services.set_targets(
            endpoint=endpoint,
            targets=[
                Target(endpoint=endpoint, model=kept, priority=1, weight=5),
                Target(endpoint=endpoint, model=added, priority=2),
            ],
        )

        rows = list(endpoint.targets.order_by("priority"))
        assert changed
        assert [(row.model, row.weight) for row in rows] == [(kept, 5), (added, 1)]
        assert rows[0].id == before.id

    def test_says_when_nothing_changes(self) -> None:
        model = make_model()
        endpoint = make_endpoint(model)

        changed = services.set_targets(
            endpoint=endpoint, targets=[Target(endpoint=endpoint, model=model, priority=1)]
        )

        assert not changed

    def test_changes_nothing_when_one_is_wrong(self) -> None:
        model = make_model()
        endpoint = make_endpoint(model)

        with pytest.raises(InvalidInputError):
            services.set_targets(
                endpoint=endpoint,
                targets=[
                    Target(endpoint=endpoint, model=model, weight=7),
                    Target(endpoint=endpoint, model=make_model(), weight=0),
                ],
            )

        assert [row.weight for row in endpoint.targets.all()] == [1]
