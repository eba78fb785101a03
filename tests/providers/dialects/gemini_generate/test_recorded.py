"""Recorded traffic of the provider, read both ways and cut at every place."""

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.providers import errors, wire
from apps.providers.collect import collect
from apps.providers.dialects.gemini_generate import inbound, outbound
from apps.providers.dialects.gemini_generate.outbound import Options
from apps.providers.dialects.gemini_generate.schema import json_schema
from apps.providers.dialects.gemini_generate.signing import NO_SIGNATURE, standard_base64
from apps.providers.dialects.gemini_generate.spelling import camel_fields
from apps.providers.errors import UnsupportedContentError
from apps.providers.sse import Event, EventParser
from apps.providers.wire import FinishReason
from tests.conftest import REPOSITORY
from tests.providers.dialects.gemini_generate.asking import incoming, parse_stream

pytestmark = pytest.mark.needs_shared

SHARED = Path(os.environ.get("PORTAL_SHARED") or REPOSITORY.parent / "shared")
CASES = {
    path.stem: msgspec.json.decode(path.read_bytes())
    for path in sorted((SHARED / "wire" / "gemini").glob("*.json"))
    if not path.stem.startswith(("models-list", "openai-compat", "cachedcontents"))
}


def verb_of(name: str) -> str:
    return str(CASES[name]["path"]).rpartition(":")[2]


REQUESTS = [name for name, case in CASES.items() if case.get("request_body")]
CHATS = [
    name for name in REQUESTS if verb_of(name).endswith("Content") and "mbed" not in verb_of(name)
]
STREAMS = [name for name, case in CASES.items() if case.get("response_sse_text")]
FAILURES = [name for name, case in CASES.items() if case["status"] >= 400]
REPLIES = [name for name in CASES if verb_of(name) == "generateContent" and name not in FAILURES]

# Requests that hold what only Google has: its caches, its checks, the tools that it runs.
REFUSED = {
    "generatecontent__google_model_cached_content__2": "cachedContent",
    "vertex-counttokens__google_vertexai_count_tokens_forwards_native_tools__0": (
        "tools[0].googleSearch"
    ),
    "vertex-generatecontent__google_model_armor_response_template_real_block__0": (
        "modelArmorConfig"
    ),
    "vertex-generatecontent__google_vertex_tool_combination_omits_include_server_side_tool_in__1": (
        "tools[0].googleSearch"
    ),
}
CLASSES: dict[int, type[errors.ProviderError]] = {
    400: errors.ProviderRejectedError,
    404: errors.ProviderNotFoundError,
    429: errors.ProviderRateLimitError,
    500: errors.ProviderFaultError,
    503: errors.ProviderOverloadedError,
}


def asked(name: str) -> wire.Incoming:
    case = CASES[name]
    model = str(case["path"]).rpartition("/")[2].partition(":")[0]
    return incoming(case["request_body"], verb_of(name), model)


def decode(name: str) -> wire.ChatCall | wire.EmbeddingCall:
    verb = verb_of(name)
    if "mbed" in verb:
        return inbound.decode_embeddings(asked(name))
    return (inbound.decode_count if verb == "countTokens" else inbound.decode_request)(asked(name))


def options_of(name: str) -> Options:
    prefix = str(CASES[name]["path"]).partition("/models/")[0]
    return Options(path_prefix=prefix) if "projects" in prefix else Options()


def stream_of(name: str) -> bytes:
    return str(CASES[name]["response_sse_text"]).encode()


def normal(incoming_request: wire.Incoming) -> dict[str, Any]:
    """The request with everything spelled in one way that has more than one."""
    body: dict[str, Any] = {
        key: msgspec.json.decode(value) for key, value in camel_fields(incoming_request).items()
    }
    if "systemInstruction" in body:
        body["systemInstruction"].pop("role", None)
    for content in body["contents"]:
        for part in content["parts"]:
            _normal_part(part)
    config = body.get("generationConfig", {})
    if config.get("responseModalities") == ["TEXT"]:
        del config["responseModalities"]
    if config.get("temperature", 0) > 2:
        config["temperature"] = 2
    if not config:
        body.pop("generationConfig", None)
    for tool in body.get("tools", ()):
        for declared in tool["functionDeclarations"]:
            if "parameters" in declared:
                declared["parametersJsonSchema"] = json_schema(declared.pop("parameters"))
    choice = body.get("toolConfig", {}).get("functionCallingConfig", {})
    names = {one["name"] for tool in body.get("tools", ()) for one in tool["functionDeclarations"]}
    if set(choice.get("allowedFunctionNames", ())) == names:
        choice.pop("allowedFunctionNames", None)
    return body


def _normal_part(part: dict[str, Any]) -> None:
    for key in ("functionCall", "functionResponse"):
        if key in part and str(part[key].get("id", "")).startswith("call_"):
            del part[key]["id"]
    if "inlineData" in part:
        part["inlineData"]["data"] = standard_base64(part["inlineData"]["data"])
    if part.get("thoughtSignature") == NO_SIGNATURE:
        del part["thoughtSignature"]


class TestRequests:
    @pytest.mark.parametrize("name", REQUESTS)
    def test_are_read_or_refused_by_name(self, name: str) -> None:
        if name in REFUSED:
            with pytest.raises(UnsupportedContentError) as error:
                decode(name)
            assert error.value.param == REFUSED[name]
        else:
            assert decode(name).warnings == ()

    @pytest.mark.parametrize("name", [name for name in CHATS if name not in REFUSED])
    def test_are_built_again_as_they_were(self, name: str) -> None:
        given_request = asked(name)
        call = inbound.decode_request(given_request)
        model = wire.TargetModel(name=given_request.model)
        request = outbound.build_request(call, model, options_of(name))

        assert request.path.partition("?")[0] == CASES[name]["path"]
        built = incoming(request.body, given_request.verb or "", given_request.model)
        assert normal(built) == normal(given_request)

    @pytest.mark.parametrize("name", REQUESTS)
    def test_are_forwarded_untouched_but_for_the_model(self, name: str) -> None:
        given_request = asked(name)
        model = wire.TargetModel(name="other-model")
        request = outbound.forward_request(given_request, model, options_of(name))

        assert "/models/other-model:" in request.path
        old = b"models/" + given_request.model.encode()
        assert request.body == given_request.body.replace(old, b"models/other-model")


class TestAnswers:
    @pytest.mark.parametrize("name", REPLIES)
    def test_are_read(self, name: str) -> None:
        body = CASES[name]["response_body"]
        reply = outbound.parse_reply(msgspec.json.encode(body))

        assert reply.id == body["responseId"]
        assert reply.model == body["modelVersion"]
        assert reply.choices[0].finish is not FinishReason.OTHER
        assert_adds_up(reply.usage, body["usageMetadata"])

    @pytest.mark.parametrize("name", REPLIES)
    def test_are_rendered_as_they_were(self, name: str) -> None:
        reply = outbound.parse_reply(msgspec.json.encode(CASES[name]["response_body"]))
        call = wire.ChatCall(model="fast", messages=())

        assert outbound.parse_reply(inbound.render_reply(reply, call)) == reply

    @pytest.mark.parametrize("name", FAILURES)
    def test_that_failed_are_errors_of_their_class(self, name: str) -> None:
        case = CASES[name]
        body = msgspec.json.encode(case["response_body"])
        error = outbound.parse_error(case["status"], case["response_headers"], body)

        assert type(error) is CLASSES[case["status"]]
        assert error.message == case["response_body"]["error"]["message"]

    def test_embeddings_and_counts_are_read(self) -> None:
        case = CASES["vertex-embedcontent__google_task_prefix_vertex__0"]
        reply = outbound.parse_embeddings(msgspec.json.encode(case["response_body"]))
        count = CASES["vertex-counttokens__google_vertexai_count_tokens_forwards_native_tools__0"]

        assert len(reply.vectors[0]) == 3072
        assert reply.usage == wire.Usage(input_tokens=11)
        assert outbound.parse_count(msgspec.json.encode(count["response_body"])) == 13

    def test_chunks_of_an_array_stream_are_read_as_events(self) -> None:
        parser = outbound.stream_parser()
        deltas: list[wire.ChatDelta] = []
        for body in CASES["streamgeneratecontent__prompt__0"]["response_body"]:
            deltas.extend(parser.feed(Event(b"", msgspec.json.encode(body))))
        deltas.extend(parser.close())

        (choice,) = collect(deltas).choices
        kinds = [type(part) for part in choice.parts]
        assert kinds == [wire.ReasoningPart, wire.TextPart, wire.ReasoningPart]


def assert_adds_up(usage: wire.Usage | None, counts: dict[str, Any]) -> None:
    assert usage is not None
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    if "totalTokenCount" in counts:
        assert usage.total_tokens == counts["totalTokenCount"]
    assert usage.reasoning_tokens == counts.get("thoughtsTokenCount", 0)
    assert usage.cache_read_tokens == counts.get("cachedContentTokenCount", 0)
    assert usage.cache_read_tokens <= usage.input_tokens
    assert usage.reasoning_tokens <= usage.output_tokens


class TestStreams:
    @pytest.mark.parametrize("name", STREAMS)
    def test_are_read_to_their_end(self, name: str) -> None:
        deltas = parse_stream([stream_of(name)])
        events = [event.data for event in EventParser().feed(stream_of(name))]
        last = msgspec.json.decode(events[-1] or b"")
        reply = collect(deltas)

        assert isinstance(deltas[0], wire.StreamStart)
        assert not any(isinstance(delta, wire.StreamFailure) for delta in deltas)
        assert reply.choices[0].finish in (FinishReason.STOP, FinishReason.TOOL_CALLS)
        assert_adds_up(reply.usage, last["usageMetadata"])

    @pytest.mark.parametrize("name", STREAMS)
    @pytest.mark.parametrize("size", [1, 7])
    def test_are_the_same_however_they_are_cut(self, name: str, size: int) -> None:
        stream = stream_of(name)
        if size == 1:
            stream = stream[: 64 * 1024]  # long signatures; the cut is the same everywhere
        chunks = [stream[start : start + size] for start in range(0, len(stream), size)]

        assert summary(chunks) == summary([stream])

    @settings(max_examples=25)
    @given(st.sampled_from(STREAMS or [""]), st.data())
    def test_are_the_same_for_any_cut(self, name: str, data: st.DataObject) -> None:
        stream = stream_of(name)
        cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
        edges = [0, *cuts, len(stream)]
        chunks = [stream[a:b] for a, b in pairwise(edges)]

        assert summary(chunks) == summary([stream])

    @pytest.mark.parametrize("name", STREAMS)
    def test_cut_short_they_fail(self, name: str) -> None:
        events = EventParser().feed(stream_of(name))
        deltas = parse_stream([event.raw for event in events[:-1]])

        assert isinstance(deltas[-1], wire.StreamFailure)

    def test_arguments_in_pieces_are_put_together(self) -> None:
        name = "streamgeneratecontent__google_stream_tool_call_arguments__0"
        parts = collect(parse_stream([stream_of(name)])).choices[0].parts

        calls = [part for part in parts if isinstance(part, wire.ToolCallPart)]
        assert [(one.name, one.arguments) for one in calls] == [
            ("getWeather", '{"location":"Boston"}'),
            ("getWeather", '{"location":"San Francisco"}'),
        ]
        assert [bool(one.signature) for one in calls] == [True, False]

    def test_calls_without_arguments_stand_among_others(self) -> None:
        name = "streamgeneratecontent__google_stream_no_args_tool_call__0"
        parts = collect(parse_stream([stream_of(name)])).choices[0].parts

        calls = [part for part in parts if isinstance(part, wire.ToolCallPart)]
        assert [(one.name, one.arguments) for one in calls] == [
            ("read_theme", "{}"),
            ("read_screen", '{"id":"A"}'),
            ("read_screen", '{"id":"B"}'),
            ("read_screen", '{"id":"C"}'),
        ]
        assert len({one.id for one in calls}) == 4


def summary(chunks: list[bytes]) -> tuple[object, ...]:
    """All deltas in comparable form."""
    return tuple(
        type(delta) if isinstance(delta, wire.StreamFailure) else delta
        for delta in parse_stream(chunks)
    )
