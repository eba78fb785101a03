import logging
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import snapshot
from apps.core.errors import NotFoundError, PermissionDeniedError, UnavailableError
from apps.credentials import services as credentials
from apps.credentials.models import CredentialVersion
from apps.inference import catalog
from apps.inference.catalog import Catalog
from apps.inference.models import Endpoint, Target
from apps.providers import services as providers
from apps.providers.models import Provider
from tests.access.factories import make_team
from tests.inference.factories import endpoint_entry, make_endpoint, make_target, target_entry
from tests.providers.factories import make_model, make_provider

SECRET = "sk-very-secret-words-9876"


@pytest.fixture
def offered() -> Catalog:
    return Catalog(
        [
            endpoint_entry(target_entry(1), name="fast"),
            endpoint_entry(target_entry(1), name="smart"),
            endpoint_entry(target_entry(2), name="fast", team_id="team_a", owner="a"),
            endpoint_entry(target_entry(3), name="fast-of-b", team_id="team_b", owner="b"),
            endpoint_entry(target_entry(4), name="fast-but-off", enabled=False),
        ]
    )


class TestResolve:
    def test_prefers_the_teams_own(self, offered: Catalog) -> None:
        assert offered.resolve("fast", "team_a").owner == "a"
        assert offered.resolve("fast", "team_b").owner == "portal"
        assert offered.resolve("smart", "team_a").owner == "portal"

    @pytest.mark.parametrize("name", ["fats", "FAST", "fast-of-b", "", "x" * 100_000, "\ud800"])
    def test_an_unknown_name_is_not_found(self, offered: Catalog, name: str) -> None:
        with pytest.raises(NotFoundError) as caught:
            offered.resolve(name, "team_a")

        assert caught.value.param == "model"
        assert len(caught.value.message) < 300

    def test_names_the_nearest_that_the_team_can_see(self, offered: Catalog) -> None:
        with pytest.raises(NotFoundError) as caught:
            offered.resolve("fast-of", "team_a")

        assert "Did you mean `fast`?" in caught.value.message
        assert "fast-of-b" not in caught.value.message
        assert "fast-but-off" not in caught.value.message

    def test_names_nothing_that_the_key_may_not_call(self, offered: Catalog) -> None:
        with pytest.raises(NotFoundError) as caught:
            offered.resolve("fast-of", "team_a", allowed=frozenset({"smart"}))

        assert "`fast`" not in caught.value.message

    def test_refuses_what_the_key_may_not_call(self, offered: Catalog) -> None:
        allowed = frozenset({"smart"})

        with pytest.raises(PermissionDeniedError):
            offered.resolve("fast", "team_a", allowed=allowed)
        assert offered.resolve("smart", "team_a", allowed=allowed).name == "smart"


class TestVisible:
    def test_lists_what_a_team_can_call_by_name(self, offered: Catalog) -> None:
        seen = offered.visible("team_a")

        assert [(entry.name, entry.owner) for entry in seen] == [
            ("fast", "a"),
            ("smart", "portal"),
        ]

    def test_lists_only_what_the_key_may_call(self, offered: Catalog) -> None:
        seen = offered.visible("team_b", allowed=frozenset({"fast-of-b", "nothing"}))

        assert [entry.name for entry in seen] == ["fast-of-b"]

    @pytest.mark.parametrize("order", [1, -1])
    def test_does_not_hang_on_the_order_of_rows(self, order: int) -> None:
        entries = [endpoint_entry(name="x"), endpoint_entry(name="x", team_id="t", owner="t")]

        [seen] = Catalog(entries[::order]).visible("t")

        assert seen.owner == "t"


class TestOffers:
    def test_counting_comes_with_chat(self) -> None:
        entry = endpoint_entry(target_entry(1), target_entry(2, operations=frozenset({"rerank"})))

        assert [entry.offers(name) for name in ["chat", "rerank", "count_tokens", "images"]] == [
            True,
            True,
            True,
            False,
        ]


targets = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 1000)), min_size=1, max_size=6).map(
    lambda pairs: endpoint_entry(
        *sorted(
            (target_entry(n, priority=p, weight=w) for n, (p, w) in enumerate(pairs)),
            key=lambda target: target.priority,
        )
    )
)
sessions = st.none() | st.text(st.characters(codec=None), max_size=20)


class TestPlanTargets:
    @given(targets, sessions, st.integers())
    def test_tries_every_target_once_and_no_priority_before_a_lower_one(
        self, entry: Any, session: str | None, seed: int
    ) -> None:
        planned = catalog.plan_targets(entry, session, random.Random(seed))

        assert sorted(t.id for t in planned) == sorted(t.id for t in entry.targets)
        assert [t.priority for t in planned] == sorted(t.priority for t in planned)

    @given(targets, st.text(max_size=20), st.integers(), st.integers())
    def test_a_session_always_gets_the_same_order(
        self, entry: Any, session: str, one: int, two: int
    ) -> None:
        first = catalog.plan_targets(entry, session, random.Random(one))

        assert first == catalog.plan_targets(entry, session, random.Random(two))

    @given(targets, st.text(max_size=20), st.integers(0, 5))
    def test_a_session_keeps_its_order_when_another_target_goes(
        self, entry: Any, session: str, index: int
    ) -> None:
        rng = random.Random(1)
        gone = entry.targets[index % len(entry.targets)]
        left = endpoint_entry(*[t for t in entry.targets if t is not gone])

        before = [t for t in catalog.plan_targets(entry, session, rng) if t is not gone]

        assert list(catalog.plan_targets(left, session, rng)) == before

    @pytest.mark.parametrize("sticky", [False, True])
    def test_shares_follow_the_weights(self, sticky: bool) -> None:
        entry = endpoint_entry(
            target_entry(1, weight=1), target_entry(2, weight=3), target_entry(3, weight=6)
        )
        rng = random.Random(7)

        first = Counter(
            catalog.plan_targets(entry, f"s{n}" if sticky else None, rng)[0].id
            for n in range(10_000)
        )

        shares = [first[f"tgt_{n}"] / 10_000 for n in (1, 2, 3)]
        assert shares == pytest.approx([0.1, 0.3, 0.6], abs=0.02)

    def test_of_nothing_is_nothing(self) -> None:
        assert list(catalog.plan_targets(endpoint_entry(), "s", random.Random(1))) == []


@pytest.mark.django_db
class TestLoadCatalog:
    def test_reads_all_that_a_call_needs(self) -> None:
        team = make_team(slug="platform")
        provider = make_provider(
            slug="acme",
            dialect="anthropic_messages",
            base_url="https://api.acme.example",
            extra_headers={"X-One": "1", "x-two": "2"},
            is_simulated=True,
        )
        credential, _ = credentials.enter_secret(provider=provider, secret=SECRET)
        model = make_model(
            provider=provider, name="large", max_input_tokens=10, max_output_tokens=20,
            operations=["chat", "count_tokens"], input_usd_per_mtok=1, output_usd_per_mtok=2,
        )  # fmt: skip
        endpoint = make_endpoint(name="fast", team=team, body_policy="all", timeout_s=3.5)
        row = make_target(
            endpoint=endpoint, model=model, priority=2, weight=7, extra_headers={"x-two": "3"}
        )

        entry = catalog.load_catalog().resolve("fast", team.pk)

        [target] = entry.targets
        assert (entry.owner, entry.body_policy, entry.timeout_s, entry.enabled) == (
            "platform",
            "all",
            3.5,
            True,
        )
        assert (target.id, target.priority, target.weight) == (row.pk, 2, 7)
        assert (target.model.name, target.model.max_output_tokens) == ("large", 20)
        assert target.operations == {"chat", "count_tokens"}
        assert dict(target.headers) == {"x-one": "1", "x-two": "3"}
        assert (target.provider.slug, target.provider.is_simulated) == ("acme", True)
        assert target.credential is not None
        assert target.credential.id == credential.pk
        assert target.credential.headers == (("x-api-key", SECRET),)
        assert target.price is not None

    def test_orders_targets_by_priority(self) -> None:
        first, second = make_model(), make_model()
        endpoint = make_endpoint()
        make_target(endpoint=endpoint, model=second, priority=2)
        make_target(endpoint=endpoint, model=first, priority=1)

        [entry] = catalog.load_catalog().visible("any")

        assert [t.model.name for t in entry.targets] == [first.name, second.name]

    def test_leaves_out_what_is_switched_off(self) -> None:
        asleep = make_provider(status=Provider.Status.DISABLED)
        endpoint = make_endpoint(make_model(), make_model(provider=asleep), make_model())
        Target.objects.filter(priority=3).update(enabled=False)

        [entry] = catalog.load_catalog().visible("any")

        assert [t.priority for t in entry.targets] == [1]
        assert entry.id == endpoint.pk

    def test_a_disabled_endpoint_is_known_and_not_listed(self) -> None:
        make_endpoint(make_model(), name="fast", status=Endpoint.Status.DISABLED)

        loaded = catalog.load_catalog()

        assert not loaded.resolve("fast", "any").enabled
        assert loaded.visible("any") == ()

    def test_takes_the_first_usable_credential(self) -> None:
        provider = make_provider()
        later, _ = credentials.enter_secret(provider=provider, secret="later", name="b")
        sooner, _ = credentials.enter_secret(provider=provider, secret="sooner", name="c")
        off, _ = credentials.enter_secret(provider=provider, secret="off", name="a")
        for priority, row in enumerate([off, sooner, later]):
            row.priority = priority
            row.status = "disabled" if row is off else "active"
            row.save()
        make_endpoint(make_model(provider=provider))

        [entry] = catalog.load_catalog().visible("any")

        assert entry.targets[0].credential is not None
        assert entry.targets[0].credential.id == sooner.pk

    def test_a_provider_that_moved_gets_no_secret(self) -> None:
        provider = make_provider(base_url="https://api.acme.example")
        credentials.enter_secret(provider=provider, secret=SECRET)
        make_endpoint(make_model(provider=provider))
        provider.base_url = "https://api.evil.example"
        providers.save_provider(provider=provider)

        [entry] = catalog.load_catalog().visible("any")

        assert entry.targets[0].credential is None

    def test_a_broken_row_takes_no_other_out_of_service(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        good, broken, sealed = make_model(), make_model(), make_model()
        endpoint = make_endpoint(good, broken, sealed)
        Provider.objects.filter(pk=broken.provider_id).update(options={"from": "another version"})
        credentials.enter_secret(provider=sealed.provider, secret=SECRET)
        CredentialVersion.objects.update(sealed=b"damaged")

        with caplog.at_level(logging.CRITICAL):
            [entry] = catalog.load_catalog().visible("any")

        assert entry.id == endpoint.pk
        assert [t.model.name for t in entry.targets] == [good.name, sealed.name]
        assert entry.targets[1].credential is None

    def test_shows_no_secret(self) -> None:
        provider = make_provider()
        credentials.enter_secret(provider=provider, secret=SECRET)
        make_endpoint(make_model(provider=provider))

        [entry] = catalog.load_catalog().visible("any")

        assert SECRET not in repr(entry)
        assert SECRET not in str(entry.targets[0].credential)

    def test_takes_the_same_number_of_queries_however_much_there_is(
        self, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(5):
            provider = make_provider()
            credentials.enter_secret(provider=provider, secret=SECRET)
            make_endpoint(make_model(provider=provider), make_model(provider=provider))

        with django_assert_max_num_queries(5):
            catalog.load_catalog()


@pytest.mark.django_db
class TestCurrent:
    def test_changes_of_every_kind_are_seen_at_the_next_poll(self) -> None:
        snapshot.forget()
        with pytest.raises(UnavailableError):
            catalog.current()
        provider = make_provider()
        make_endpoint(make_model(provider=provider), name="fast")

        snapshot.poll()
        without_secret = catalog.current().resolve("fast", "any")
        credentials.enter_secret(provider=provider, secret=SECRET)
        snapshot.poll()
        with_secret = catalog.current().resolve("fast", "any")
        Endpoint.objects.all().delete()
        snapshot.poll()
        gone = catalog.current().visible("any")
        snapshot.forget()

        assert without_secret.targets[0].credential is None
        assert with_secret.targets[0].credential is not None
        assert gone == ()
