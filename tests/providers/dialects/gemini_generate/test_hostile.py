"""Recorded bodies with something wrong in them: the right kind of error, never another."""

import copy
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.errors import InvalidInputError
from apps.providers.dialects.gemini_generate import inbound, outbound
from apps.providers.errors import ProviderError
from apps.providers.sse import Event
from tests.conftest import REPOSITORY
from tests.providers.dialects.gemini_generate.asking import MODEL, OPTIONS, incoming
from tests.providers.dialects.gemini_generate.strategies import json_values

pytestmark = pytest.mark.needs_shared

SHARED = Path(os.environ.get("PORTAL_SHARED") or REPOSITORY.parent / "shared")
CASES = [
    msgspec.json.decode(path.read_bytes())
    for path in sorted((SHARED / "wire" / "gemini").glob("*generatecontent_*.json"))
]
REQUESTS = [case["request_body"] for case in CASES if case.get("request_body")]
REPLIES = [case["response_body"] for case in CASES if isinstance(case.get("response_body"), dict)]
CHUNKS = [
    msgspec.json.decode(line.removeprefix("data: "))
    for case in CASES
    for line in str(case.get("response_sse_text", "")).splitlines()[:6]
    if line.startswith("data: ")
]
EMBEDDINGS = [
    {"requests": [{"model": "m", "content": {"parts": [{"text": "a"}]}, "taskType": "X"}]},
    {"content": {"parts": [{"text": "a"}]}, "outputDimensionality": 3},
    {"embeddings": [{"values": [1.0]}], "usageMetadata": {"promptTokenCount": 1}},
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in a body."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


@st.composite
def spoilt(draw: st.DrawFn, bodies: list[Any]) -> bytes:
    body = copy.deepcopy(draw(st.sampled_from(bodies or [{"a": 1}])))
    for _ in range(draw(st.integers(1, 2))):
        holders = list(places(body))
        holder, key = holders[draw(st.integers(0, len(holders) - 1))] if holders else (body, "a")
        wrong = draw(json_values | st.sampled_from([1e300, 2**70, -1, "0", [[]], [{}], {"a": {}}]))
        if draw(st.booleans()) and isinstance(holder, dict):
            holder.pop(key, None)
        else:
            holder[key] = wrong
    return msgspec.json.encode(body)


class TestSpoiltBodies:
    @settings(max_examples=400)
    @given(body=spoilt(REQUESTS))
    def test_requests(self, body: bytes) -> None:
        with suppress(InvalidInputError):
            call = inbound.decode_request(incoming(body))
            outbound.build_request(call, MODEL, OPTIONS)

    @settings(max_examples=300)
    @given(body=spoilt(REPLIES))
    def test_replies(self, body: bytes) -> None:
        outbound.read_facts("chat", body)
        try:
            reply = outbound.parse_reply(body)
        except ProviderError:
            return
        inbound.render_reply(reply, inbound.decode_request(incoming(REQUESTS[0])))

    @settings(max_examples=300)
    @given(chunks=st.lists(spoilt(CHUNKS), max_size=4))
    def test_streams(self, chunks: list[bytes]) -> None:
        parser = outbound.stream_parser()
        renderer = inbound.stream_renderer(inbound.decode_request(incoming(REQUESTS[0])))
        try:
            deltas = [delta for data in chunks for delta in parser.feed(Event(b"", data))]
        except ProviderError:
            deltas = []
        for delta in [*deltas, *parser.close()]:
            renderer.feed(delta)
        renderer.close()

    @settings(max_examples=300)
    @given(body=spoilt(EMBEDDINGS))
    def test_embeddings(self, body: bytes) -> None:
        for verb in ("embedContent", "batchEmbedContents"):
            with suppress(InvalidInputError):
                call = inbound.decode_embeddings(incoming(body, verb))
                outbound.build_embeddings(call, MODEL, OPTIONS)
            with suppress(InvalidInputError):
                outbound.forward_request(incoming(body, verb), MODEL, OPTIONS)
        with suppress(ProviderError):
            outbound.parse_embeddings(body)

    @settings(max_examples=200)
    @given(
        body=spoilt(
            [
                {
                    "error": {
                        "code": 1,
                        "message": "m",
                        "status": "s",
                        "details": [
                            {"@type": "x.RetryInfo", "retryDelay": "1s"},
                            {"@type": "x.BadRequest", "fieldViolations": [{"field": "f"}]},
                        ],
                    }
                }
            ]
        )
    )
    def test_errors(self, body: bytes) -> None:
        for status in (200, 400, 503):
            outbound.parse_error(status, {}, body)
