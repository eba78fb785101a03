"""What the record keeps of a call."""

from typing import Any

import pytest

from apps.core.errors import NotFoundError
from apps.inference import records
from apps.inference.call import Attempt, Call
from apps.providers import wire
from apps.providers.errors import ProviderOverloadedError
from tests.inference.calls import make_call, make_entry, make_target
from tests.inference.conftest import Kept
from tests.inference.factories import NOW

USAGE = wire.Usage(input_tokens=10, output_tokens=5, cache_read_tokens=4, reasoning_tokens=2)


def attempt(number: int = 1, state: str = "done", **fields: Any) -> Attempt:
    made = Attempt(
        id=f"att_{number}", number=number, target=make_target(number), started_at=NOW, began=0.0
    )
    made.sent = True
    for name, value in fields.items():
        setattr(made, name, value)
    made.end(state, fields.get("error"))
    return made


def call_with(*attempts: Attempt, policy: str = "all", **fields: Any) -> Call:
    call = make_call(endpoint=make_entry(body_policy=policy), **fields)
    call.attempts += attempts
    return call


class TestWrite:
    def test_keeps_every_attempt_and_charges_those_with_usage(self, kept: Kept) -> None:
        failed = attempt(1, "failed", error=ProviderOverloadedError("busy", status=529), status=529)
        done = attempt(2, facts=wire.Facts(usage=USAGE, finish=wire.FinishReason.STOP), status=200)

        records.write(call_with(failed, done, session="s-1", user_agent="curl/8"), None)

        [call], [usage] = kept.calls, kept.usage
        assert [(a.state, a.status, a.error_class) for a in call.attempts] == [
            ("failed", 529, "ProviderOverloadedError"),
            ("done", 200, ""),
        ]
        assert (call.state, call.provider, call.model) == ("done", "openai-chat-2", "m-2")
        assert (call.input_tokens, call.cache_read_tokens, call.reasoning_tokens) == (10, 4, 2)
        assert (call.session_id, call.user_agent, call.finish_reason) == ("s-1", "curl/8", "stop")
        assert (usage.attempt_id, usage.call_id, usage.team_id) == ("att_2", "req_1", "team_1")
        assert usage.usd_micros == 30

    def test_what_was_not_sent_is_not_charged(self, kept: Kept) -> None:
        records.write(call_with(attempt(facts=wire.Facts(usage=USAGE), sent=False)), None)

        assert kept.usage == []

    def test_an_unknown_price_is_no_zero(self, kept: Kept) -> None:
        made = attempt(facts=wire.Facts(usage=USAGE), target=make_target(price=None))

        records.write(call_with(made), None)

        assert kept.usage[0].usd_micros is None

    def test_a_call_that_found_no_endpoint_is_kept_too(self, kept: Kept) -> None:
        records.write(make_call(), NotFoundError("There is no endpoint `fast`."))

        [call] = kept.calls
        assert (call.state, call.error_code, call.endpoint) == ("failed", "not_found", "fast")
        assert (call.attempts, call.provider, call.usd_micros) == ((), "", None)

    @pytest.mark.parametrize(
        ("state", "stored"),
        [("done", "done"), ("cancelled", "cancelled"), ("started", "cancelled")],
    )
    def test_a_call_ends_as_its_last_attempt_did(self, state: str, stored: str, kept: Kept) -> None:
        made = attempt()
        made.state = state

        records.write(call_with(made), None)

        assert kept.calls[0].state == stored


class TestBodies:
    @pytest.mark.parametrize(
        ("policy", "failed", "is_kept"),
        [
            ("off", False, False),
            ("off", True, False),
            ("errors", False, False),
            ("errors", True, True),
            ("all", False, True),
            ("all", True, True),
        ],
    )
    @pytest.mark.parametrize("own", [True, False])
    def test_follow_the_endpoints_policy_or_else_the_portals(
        self, policy: str, failed: bool, is_kept: bool, own: bool, kept: Kept, settings: Any
    ) -> None:
        settings.PORTAL_LOG_BODIES = "off" if own else policy
        call = call_with(attempt(), policy=policy if own else "")

        records.write(call, NotFoundError("no") if failed else None)

        assert (kept.calls[0].bodies is not None) == is_kept

    def test_are_cut_and_say_so(self, kept: Kept, settings: Any) -> None:
        settings.PORTAL_LOG_BODY_BYTES = 8
        call = call_with(attempt(), keep_bytes=8)
        call.keep(b"0123456789")

        records.write(call, None)

        bodies = kept.calls[0].bodies
        assert bodies is not None
        assert (bodies.response, bodies.response_truncated) == (b"01234567", True)
        assert (len(bodies.request or b""), bodies.request_truncated) == (8, True)

    def test_sound_is_not_kept(self, kept: Kept) -> None:
        call = call_with(attempt(), operation="speech", keep_bytes=100)
        call.keep(b"\xff\xfb")

        records.write(call, None)

        assert kept.calls[0].bodies is not None
        assert kept.calls[0].bodies.response == b""


class TestRoom:
    def test_is_none_where_nothing_is_kept(self, settings: Any) -> None:
        settings.PORTAL_LOG_BODIES, settings.PORTAL_LOG_BODY_BYTES = "errors", 100

        assert [records.room(policy) for policy in ("off", "errors", "all", "")] == [
            0, 100, 100, 100,
        ]  # fmt: skip


class TestCostOf:
    def test_multiplies_usage_by_the_targets_price(self) -> None:
        assert records.cost_of(attempt(facts=wire.Facts(usage=USAGE))) == 30

    def test_is_unknown_without_usage(self) -> None:
        assert records.cost_of(attempt()) is None
