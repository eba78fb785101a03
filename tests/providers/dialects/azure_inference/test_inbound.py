import json
from typing import Any

import pytest

from apps.core.errors import (
    AuthenticationError,
    InvalidInputError,
    NotFoundError,
    PortalError,
    QuotaExceededError,
)
from apps.providers import errors, wire
from apps.providers.dialects.azure_inference import inbound
from apps.providers.wire import FinishReason, Role
from tests.providers.recordings import incoming

USER = {"role": "user", "content": "hi"}
CALL = wire.ChatCall(model="m", messages=())


def decode(headers: dict[str, str] | None = None, **fields: Any) -> wire.ChatCall:
    return inbound.decode_request(incoming({"messages": [USER], **fields}, headers=headers))


class TestDecodeRequest:
    def test_takes_the_model_from_the_request_around_it(self) -> None:
        assert decode() == wire.ChatCall(
            model="some-model",
            messages=(wire.Message(role=Role.USER, parts=(wire.TextPart(text="hi"),)),),
        )

    def test_reads_the_parameters_of_the_specification(self) -> None:
        call = decode(max_tokens=5, stop=["END"], seed=1, temperature=0.3, stream=True)

        assert (call.max_output_tokens, call.stop, call.seed) == (5, ("END",), 1)
        assert (call.temperature, call.stream) == (0.3, True)

    def test_reads_parameters_beyond_it_when_they_are_to_pass(self) -> None:
        call = decode({"extra-parameters": "pass-through"}, n=2, safe_prompt=True, top_k=3)

        assert (call.n, call.top_k, call.extras) == (2, 3, {"safe_prompt": True})

    def test_names_what_it_was_told_to_drop(self) -> None:
        call = decode({"extra-parameters": "drop"}, n=2)

        assert (call.n, call.warnings) == (1, ("n: dropped",))

    @pytest.mark.parametrize(
        ("fields", "param"), [({"n": 2}, "n"), ({"stop": "END"}, "stop"), ({"seed": "x"}, "seed")]
    )
    def test_names_the_field_that_is_wrong(self, fields: dict[str, Any], param: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            decode(**fields)

        assert caught.value.param == param

    def test_reads_audio_by_url(self) -> None:
        part = {"type": "audio_url", "audio_url": {"url": "https://x.test/a"}}

        assert decode(messages=[{"role": "user", "content": [part]}]).messages[0].parts == (
            wire.AudioPart(media=wire.Media(url="https://x.test/a")),
        )


class TestDecodeEmbeddings:
    def test_reads_what_the_vectors_are_for(self) -> None:
        given = incoming({"model": "m", "input": ["a"], "input_type": "query"}, "embeddings")

        assert inbound.decode_embeddings(given) == wire.EmbeddingCall(
            model="m", inputs=("a",), kind="query"
        )

    def test_refuses_parameters_beyond_the_specification(self) -> None:
        with pytest.raises(InvalidInputError) as caught:
            inbound.decode_embeddings(incoming({"input": ["a"], "user": "u"}, "embeddings"))

        assert caught.value.param == "user"


class TestRenderReply:
    def test_says_a_refusal_as_text(self) -> None:
        choice = wire.Choice(parts=(wire.RefusalPart(text="no"),), finish=FinishReason.REFUSAL)
        reply = wire.ChatReply(id="r", model="m", choices=(choice,))

        shown = json.loads(inbound.render_reply(reply, CALL))

        assert shown["choices"] == [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "no"},
                "finish_reason": "stop",
            }
        ]
        assert shown["usage"]["total_tokens"] == 0

    def test_shows_thoughts_and_log_probabilities(self) -> None:
        token = wire.TokenLogprob(token="a", logprob=-0.5)
        parts = (wire.ReasoningPart(text="hm"), wire.TextPart(text="a"))
        reply = wire.ChatReply(
            id="r", model="m", choices=(wire.Choice(parts=parts, logprobs=(token,)),)
        )

        shown = json.loads(inbound.render_reply(reply, CALL))["choices"][0]

        assert shown["message"]["reasoning_content"] == "hm"
        assert shown["logprobs"]["content"][0]["token"] == "a"


class TestRenderError:
    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (InvalidInputError("m", param="n"), 400, "invalid_input"),
            (AuthenticationError("m"), 401, "invalid_api_key"),
            (NotFoundError("m"), 404, "DeploymentNotFound"),
            (QuotaExceededError("m", retry_after_s=3), 429, "quota_exceeded"),
            (PortalError("m"), 500, "error"),
            (errors.ProviderAuthError("m", upstream_code="401"), 502, "BadGateway"),
            (errors.ProviderFaultError("m"), 500, "InternalServerError"),
            (errors.ProviderOverloadedError("m"), 503, "ServiceUnavailable"),
            (errors.ProviderRateLimitError("m"), 429, "RateLimitReached"),
            (errors.ProviderTimeoutError("m"), 504, "Timeout"),
            (errors.ProviderContentFilterError("m"), 400, "content_filter"),
            (errors.ProviderRejectedError("m", upstream_code="bad\nheader"), 400, "error"),
            (errors.ProviderRejectedError("m", upstream_code="x"), 400, "x"),
        ],
    )
    def test_follows_the_table(self, error: PortalError, status: int, code: str) -> None:
        rendered = inbound.render_error(error, request_id="r")

        assert rendered.status == status
        assert json.loads(rendered.body)["error"]["code"] == code
        assert ("x-ms-error-code", code) in rendered.headers
        assert ("retry-after", "3") in rendered.headers or status != 429 or code[0] == "R"

    def test_names_the_field(self) -> None:
        rendered = inbound.render_error(InvalidInputError("m", param="n"), request_id="r")

        assert json.loads(rendered.body)["error"]["target"] == "n"

    def test_is_an_event_in_a_stream(self) -> None:
        shown = inbound.render_stream_error(errors.ProviderFaultError("m"), request_id="r")

        assert shown == b'data: {"error":{"code":"InternalServerError","message":"m"}}\n\n'


class TestRenderCount:
    def test_names_the_tokens(self) -> None:
        assert json.loads(inbound.render_count(7)) == {"input_tokens": 7}
