"""One call through the engine, with providers that answer as they are told."""

import asyncio
import dataclasses
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from apps.core.errors import (
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    PortalError,
    UnavailableError,
)
from apps.inference import engine, translation
from apps.inference.call import Answer
from apps.providers.errors import (
    ProviderConnectionError,
    ProviderFaultError,
    ProviderOverloadedError,
    ProviderProtocolError,
    ProviderRateLimitError,
    ProviderRejectedError,
    ProviderTimeoutError,
    UnsupportedContentError,
)
from apps.providers.types import Timeouts
from tests.inference.calls import (
    CHAT_REPLY,
    CHAT_STREAM,
    PRINCIPAL,
    FakeAnswer,
    FakeTransport,
    chunk,
    make_call,
    make_entry,
    make_target,
    streamed,
    whole,
)
from tests.inference.conftest import Kept

Publish = Callable[..., FakeTransport]
PAGE = (("Content-Type", "text/html"),)


async def drained(answer: Answer) -> bytes:
    assert answer.events is not None
    return b"".join([piece async for piece in answer.events])


class TestRunCall:
    async def test_answers_with_the_providers_bytes_and_settles(
        self, publish: Publish, kept: Kept
    ) -> None:
        transport = publish(make_entry(), whole(headers=(("X-Request-Id", "up-1"),)))
        call = make_call()

        answer = await engine.run_call(call)

        [record], [usage] = kept.calls, kept.usage
        assert json.loads(answer.body) == CHAT_REPLY
        assert json.loads(transport.asked[0].request.body)["model"] == "m-1"
        assert transport.asked[0].auth == (("authorization", "Bearer s3cret"),)
        assert (record.state, record.input_tokens, record.output_tokens) == ("done", 10, 5)
        assert (usage.usd_micros, usage.attempt_id) == (30, record.attempts[0].id)
        assert (call.cost_usd_micros, record.usd_micros) == (30, 30)
        assert record.attempts[0].upstream_request_id == "up-1"
        assert "s3cret" not in repr(record)

    async def test_says_one_dialect_to_another(self, publish: Publish, kept: Kept) -> None:
        publish(make_entry(), whole())

        answer = await engine.run_call(make_call("anthropic_messages"))

        body = json.loads(answer.body)
        assert body["content"] == [{"type": "text", "text": "Hello, caller."}]
        assert body["usage"]["input_tokens"] == 10
        assert kept.calls[0].provider_dialect == "openai_chat"

    async def test_a_stream_is_settled_when_it_has_ended(
        self, publish: Publish, kept: Kept
    ) -> None:
        upstream = streamed()
        publish(make_entry(), upstream)
        call = make_call(stream=True)

        answer = await engine.run_call(call)
        before = list(kept.calls)
        body = await drained(answer)

        assert before == []
        assert body.endswith(b"data: [DONE]\n\n")
        assert b"prompt_tokens" not in body
        assert (kept.calls[0].state, kept.usage[0].output_tokens) == ("done", 5)
        assert upstream.closed == 1

    @pytest.mark.parametrize(
        ("entry", "principal", "error"),
        [
            (make_entry(name="other"), PRINCIPAL, NotFoundError),
            (make_entry(enabled=False), PRINCIPAL, NotFoundError),
            (make_entry(targets=()), PRINCIPAL, UnavailableError),
            (
                make_entry(),
                dataclasses.replace(PRINCIPAL, endpoints=frozenset(["x"])),
                PermissionDeniedError,
            ),
        ],
    )
    async def test_a_refused_call_is_on_record_and_nothing_is_sent(
        self, entry: Any, principal: Any, error: type[PortalError], publish: Publish, kept: Kept
    ) -> None:
        transport = publish(entry)

        with pytest.raises(error) as caught:
            await engine.run_call(make_call(principal=principal))

        assert transport.asked == []
        assert (kept.calls[0].state, kept.calls[0].error_code) == ("failed", caught.value.code)
        assert kept.usage == []

    async def test_a_caller_who_leaves_before_the_answer_is_metered(
        self, publish: Publish, kept: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arrived = asyncio.Event()

        async def send(_: Any) -> Any:
            arrived.set()
            await asyncio.Event().wait()

        transport = publish(make_entry())
        monkeypatch.setattr(transport, "send", send)
        task = asyncio.create_task(engine.run_call(make_call()))
        await arrived.wait()

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        [record], [usage] = kept.calls, kept.usage
        assert (record.state, record.attempts[0].state) == ("cancelled", "cancelled")
        assert (usage.estimated, usage.output_tokens) == (True, 0)
        assert usage.input_tokens > 0

    async def test_a_flaw_of_our_own_is_a_failure_and_no_departure(
        self, publish: Publish, kept: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: Any) -> None:
            raise KeyError("flaw")

        publish(make_entry(), whole())
        monkeypatch.setattr(translation.Passage, "render", broken)

        with pytest.raises(KeyError):
            await engine.run_call(make_call())

        record = kept.calls[0]
        assert (record.state, record.error_code, record.attempts[0].state) == (
            "failed",
            "error",
            "failed",
        )


class TestWithoutSecrets:
    def test_hides_the_secret_and_an_upstream_on_a_port_of_its_own(self) -> None:
        target = make_target()
        provider = dataclasses.replace(target.provider, base_url="http://10.0.0.7:8080/v1")
        body = b'{"error": {"message": "key s3cret at http://10.0.0.7:8080/internal"}}'

        hidden = engine.without_secrets(body, dataclasses.replace(target, provider=provider))

        assert hidden == b'{"error": {"message": "key (hidden) at http://(hidden)/internal"}}'

    def test_leaves_public_hosts_and_everything_else(self) -> None:
        body = b'{"error": {"message": "see https://api.acme.example/docs"}}'

        assert engine.without_secrets(body, make_target()) == body


class TestAttemptTargets:
    @pytest.mark.parametrize(
        ("first", "error"),
        [
            (ProviderConnectionError("refused", sent=False), "ProviderConnectionError"),
            (ProviderTimeoutError("late"), "ProviderTimeoutError"),
            (whole({"error": {"message": "no"}}, status=429), "ProviderRateLimitError"),
            (whole({"error": {"message": "no"}}, status=500), "ProviderFaultError"),
            (whole({"error": {"message": "no"}}, status=503), "ProviderOverloadedError"),
            (whole({"error": {"message": "no"}}, status=401), "ProviderAuthError"),
            (FakeAnswer([b"<html>"], headers=PAGE), "ProviderProtocolError"),
        ],
    )
    async def test_the_next_is_tried_when_one_fails(
        self, first: Any, error: str, publish: Publish, kept: Kept
    ) -> None:
        transport = publish(make_entry(make_target(1), make_target(2)), first, whole())
        call = make_call()

        await engine.run_call(call)

        [record] = kept.calls
        assert [a.error_class for a in record.attempts] == [error, ""]
        assert [a.number for a in record.attempts] == [1, 2]
        assert [json.loads(r.request.body)["model"] for r in transport.asked] == ["m-1", "m-2"]
        assert (record.state, record.model) == ("done", "m-2")

    @pytest.mark.parametrize("status", [400, 404, 413, 422])
    async def test_what_lies_with_the_caller_is_not_tried_again(
        self, status: int, publish: Publish, kept: Kept
    ) -> None:
        refusal = whole({"error": {"message": "no"}}, status=status)
        transport = publish(make_entry(make_target(1), make_target(2)), refusal)

        with pytest.raises(ProviderRejectedError):
            await engine.run_call(make_call())

        assert len(transport.asked) == 1
        assert kept.calls[0].attempts[0].status == status

    async def test_the_last_error_is_told_when_all_fail(self, publish: Publish, kept: Kept) -> None:
        publish(
            make_entry(make_target(1), make_target(2)),
            ProviderConnectionError("refused", sent=False),
            whole({"error": {"message": "slow down"}}, status=429, headers=(("retry-after", "7"),)),
        )

        with pytest.raises(ProviderRateLimitError) as caught:
            await engine.run_call(make_call())

        assert caught.value.retry_after_s == 7
        assert kept.calls[0].error_code == "provider_rate_limited"
        assert kept.usage == []

    async def test_a_target_that_cannot_carry_the_content_is_passed_over(
        self, publish: Publish, kept: Kept
    ) -> None:
        entry = make_entry(make_target(1, "anthropic_messages"), make_target(2))
        transport = publish(entry, whole())
        body = {"messages": [{"role": "user", "content": "Hi"}], "n": 2}

        await engine.run_call(make_call(body=body))

        assert len(transport.asked) == 1
        assert [a.model for a in kept.calls[0].attempts] == ["m-2"]

    async def test_content_that_nobody_can_carry_is_refused_before_any_call(
        self, publish: Publish, kept: Kept
    ) -> None:
        publish(make_entry(make_target(1, "anthropic_messages")))
        body = {"messages": [{"role": "user", "content": "Hi"}], "n": 2}

        with pytest.raises(UnsupportedContentError) as caught:
            await engine.run_call(make_call(body=body))

        assert caught.value.param == "n"
        assert kept.calls[0].attempts == ()

    async def test_a_wrong_request_is_the_callers_whatever_the_target(
        self, publish: Publish, kept: Kept
    ) -> None:
        publish(make_entry(make_target(1, "anthropic_messages"), make_target(2)))

        with pytest.raises(InvalidInputError):
            await engine.run_call(make_call(body={"messages": 5}))

    async def test_a_provider_without_a_secret_is_not_called(
        self, publish: Publish, kept: Kept
    ) -> None:
        entry = make_entry(make_target(1, credential=None), make_target(2))
        transport = publish(entry, whole())

        await engine.run_call(make_call())

        assert len(transport.asked) == 1
        assert "no usable credential" in kept.calls[0].attempts[0].error_message
        assert len(kept.usage) == 1


class TestStreams:
    @pytest.mark.parametrize(
        "broken",
        [
            streamed(ProviderConnectionError("cut")),
            FakeAnswer([b"<html>no</html>"], headers=PAGE),
            FakeAnswer([b'{"error": {"message": "no"}}']),
            FakeAnswer([], headers=(("content-type", "text/event-stream"),)),
        ],
        ids=["cut", "page", "error object", "nothing"],
    )
    async def test_the_next_target_is_tried_before_the_first_byte(
        self, broken: FakeAnswer, publish: Publish, kept: Kept
    ) -> None:
        publish(make_entry(make_target(1), make_target(2)), broken, streamed())

        body = await drained(await engine.run_call(make_call(stream=True)))

        assert b"Hello" in body
        assert [a.state for a in kept.calls[0].attempts] == ["failed", "done"]

    async def test_never_after_it(self, publish: Publish, kept: Kept) -> None:
        cut = streamed(CHAT_STREAM[:400], ProviderConnectionError("cut"))
        transport = publish(make_entry(make_target(1), make_target(2)), cut)

        body = await drained(await engine.run_call(make_call(stream=True)))

        assert b'"error"' in body
        assert len(transport.asked) == 1
        assert (kept.calls[0].state, kept.calls[0].error_code) == (
            "failed",
            "provider_unreachable",
        )
        assert kept.usage[0].estimated

    async def test_an_array_is_read_as_a_stream(self, publish: Publish, kept: Kept) -> None:
        part = {"candidates": [{"content": {"parts": [{"text": "Hello"}]}, "finishReason": "STOP"}]}
        array = FakeAnswer([json.dumps([part, part]).encode()])
        publish(make_entry(make_target(1, "gemini_generate")), array)

        body = await drained(await engine.run_call(make_call("gemini_generate", stream=True)))

        assert body.count(b"data: ") == 2

    async def test_missing_usage_is_estimated_and_marked(
        self, publish: Publish, kept: Kept
    ) -> None:
        without = CHAT_STREAM[: CHAT_STREAM.rindex(b'data: {"id"')] + b"data: [DONE]\n\n"
        publish(make_entry(), streamed(without))

        await drained(await engine.run_call(make_call(stream=True)))

        [usage] = kept.usage
        assert usage.estimated
        assert usage.output_tokens > 0

    @pytest.mark.parametrize("rest", [ProviderConnectionError("cut"), chunk({}, "stop")])
    async def test_usage_that_was_told_half_way_counts_what_was_said_too(
        self, rest: Any, publish: Publish, kept: Kept
    ) -> None:
        usage = {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11}
        early = chunk({"content": "many words " * 20}, usage=usage)
        publish(make_entry(), streamed(early, rest))

        await drained(await engine.run_call(make_call(stream=True)))

        [entry] = kept.usage
        is_cut = isinstance(rest, Exception)
        assert entry.input_tokens == 10
        assert entry.estimated == is_cut
        assert (entry.output_tokens > 20) == is_cut


class TestCounting:
    async def test_counts_itself_where_the_provider_cannot(
        self, publish: Publish, kept: Kept
    ) -> None:
        transport = publish(make_entry())
        call = make_call("anthropic_messages", operation="count_tokens")

        answer = await engine.run_call(call)

        assert json.loads(answer.body)["input_tokens"] > 0
        assert call.warnings == ("input_tokens: estimated",)
        assert (transport.asked, kept.usage) == ([], [])
        assert kept.calls[0].state == "done"


class TestTimeouts:
    @pytest.mark.parametrize(
        ("endpoint", "caller", "total"),
        [(None, None, 600), (30.0, None, 30), (30.0, 50.0, 30), (30.0, 5.0, 5), (None, 900.0, 600)],
    )
    async def test_the_narrowest_counts(
        self,
        endpoint: float | None,
        caller: float | None,
        total: float,
        publish: Publish,
        kept: Kept,
    ) -> None:
        transport = publish(make_entry(timeout_s=endpoint), whole(), timeouts=Timeouts())

        await engine.run_call(make_call(timeout_s=caller))

        assert transport.asked[0].timeouts.total_s == total
        assert transport.asked[0].timeouts.first_byte_s <= max(total, 120)


class TestSettle:
    async def test_settles_once(self, publish: Publish, kept: Kept) -> None:
        publish(make_entry(), whole())
        call = make_call()

        await engine.run_call(call)
        engine.settle(call, UnavailableError("late"))

        assert len(kept.calls) == 1
        assert kept.calls[0].state == "done"

    async def test_an_answer_without_usage_is_estimated(self, publish: Publish, kept: Kept) -> None:
        publish(make_entry(), whole({**CHAT_REPLY, "usage": None}))

        await engine.run_call(make_call())

        assert kept.usage[0].estimated
        assert kept.usage[0].input_tokens > 0

    async def test_an_answer_that_cannot_be_read_is_charged_all_the_same(
        self, publish: Publish, kept: Kept
    ) -> None:
        publish(make_entry(), FakeAnswer([b'{"id": "chatcmpl']))

        with pytest.raises(ProviderProtocolError):
            await engine.run_call(make_call())

        assert kept.usage[0].estimated
        assert kept.usage[0].input_tokens > 0

    async def test_sound_that_is_not_metered_by_tokens_costs_none(
        self, publish: Publish, kept: Kept
    ) -> None:
        sound = FakeAnswer([b"\xff\xfb sound"], headers=(("content-type", "audio/mpeg"),))
        publish(make_entry(), sound)

        answer = await engine.run_call(
            make_call(operation="speech", body={"input": "Hi", "voice": "alloy"})
        )

        assert (answer.body, answer.content_type) == (b"\xff\xfb sound", "audio/mpeg")
        assert kept.usage == []


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, ProviderFaultError), (503, ProviderOverloadedError), (429, ProviderRateLimitError)],
)
async def test_an_error_keeps_status_headers_and_body_for_the_record(
    status: int, error: type[PortalError], publish: Publish, kept: Kept, settings: Any
) -> None:
    settings.PORTAL_LOG_BODIES = "errors"
    headers = (("Retry-After", "3"), ("X-Request-Id", "up-9"))
    publish(make_entry(), whole({"error": {"message": "busy"}}, status=status, headers=headers))

    with pytest.raises(error):
        await engine.run_call(make_call())

    attempt, bodies = kept.calls[0].attempts[0], kept.calls[0].bodies
    assert (attempt.status, attempt.upstream_request_id) == (status, "up-9")
    assert ("Retry-After", "3") in attempt.response_headers
    assert bodies is not None
    assert b"busy" in (bodies.response or b"")


async def test_a_stream_that_a_parser_of_ours_cannot_read_still_passes(
    publish: Publish, kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    odd = b'data: {"choices": {"not": "a list"}}\n\n'
    publish(make_entry(), streamed(odd, CHAT_STREAM))

    with caplog.at_level(logging.CRITICAL):
        body = await drained(await engine.run_call(make_call(stream=True)))

    assert odd in body
    assert b"Hello" in body


async def test_a_whole_answer_that_is_not_json_is_no_answer(publish: Publish, kept: Kept) -> None:
    publish(make_entry(), FakeAnswer([b"\xff\x00garbage"]))

    with pytest.raises(ProviderProtocolError):
        await engine.run_call(make_call())
