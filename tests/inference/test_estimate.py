from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InvalidInputError
from apps.inference import estimate
from apps.providers import sse, wire
from apps.providers.dialects import DIALECTS
from apps.providers.dialects.base import Dialect
from tests.providers.recordings import Recording, recorded

ENDPOINTS = {
    "chat.completions": "openai_chat",
    "responses": "openai_responses",
    "messages": "anthropic_messages",
    "generateContent": "gemini_generate",
    "streamGenerateContent": "gemini_generate",
}
# What counts as an estimate that is good enough: a fifth, or three tokens of a tiny text.
RELATIVE, ABSOLUTE = 0.2, 3


def is_close(estimated: int, real: int) -> bool:
    return abs(estimated - real) <= max(RELATIVE * real, ABSOLUTE)


def dialect_of(case: Recording) -> Dialect | None:
    if case.provider in {"bedrock", "cohere"} or case.request is None or case.status != 200:
        return None
    if case.provider == "azure-ai":
        return DIALECTS["azure_inference"] if case.endpoint == "chat.completions" else None
    name = ENDPOINTS.get(case.endpoint.rpartition("vertex.")[2])
    return DIALECTS[name] if name else None


def call_of(case: Recording, dialect: Dialect) -> wire.ChatCall | None:
    """The call when it is nothing but text: no tools, media, schema."""
    try:
        call = dialect.inbound.decode_request(case.incoming("chat"))
    except InvalidInputError:
        return None
    parts = [part for message in call.messages for part in message.parts]
    only_text = all(isinstance(part, wire.TextPart | wire.ReasoningPart) for part in parts)
    return call if only_text and not call.tools and call.output_format is None else None


def reply_of(case: Recording, dialect: Dialect) -> tuple[str, wire.Usage | None, bool]:
    """Text and usage of the answer, and whether it is text alone."""
    stream = case.stream
    if case.body.startswith(b"["):
        items = msgspec.json.decode(case.body, type=list[msgspec.Raw])
        stream = b"".join(sse.encode_event(msgspec.json.format(bytes(i), indent=-1)) for i in items)
    if stream:
        return _streamed(stream, dialect)
    reply = dialect.outbound.parse_reply(case.body)
    parts = [part for choice in reply.choices for part in choice.parts]
    text = "".join(part.text for part in parts if isinstance(part, wire.TextPart))
    return text, reply.usage, all(isinstance(part, wire.TextPart) for part in parts)


def _streamed(stream: bytes, dialect: Dialect) -> tuple[str, wire.Usage | None, bool]:
    events, parser = sse.EventParser(), dialect.outbound.stream_parser()
    deltas: list[wire.ChatDelta] = []
    for event in [*events.feed(stream), *events.close()]:
        if event.data is not None:
            deltas += parser.feed(event)
    deltas += parser.close()
    reports = [delta.usage for delta in deltas if isinstance(delta, wire.UsageReport)]
    text = "".join(delta.text for delta in deltas if isinstance(delta, wire.TextDelta))
    other = (wire.ToolCallStart, wire.ReasoningDelta, wire.RefusalDelta, wire.ReasoningEnd)
    alone = not any(isinstance(delta, other) for delta in deltas)
    return text, reports[-1] if reports else None, alone


def measured(*, output: bool) -> list[Any]:
    """Estimated and recorded tokens of every text case that tells its usage."""
    found = []
    for case in recorded():
        dialect = dialect_of(case)
        call = call_of(case, dialect) if dialect else None
        # A gateway to another family of models adds what that family adds.
        if dialect is None or call is None or (case.provider == "openrouter" and call.reasoning):
            continue
        text, usage, is_text = reply_of(case, dialect)
        if usage is None or not usage.input_tokens:
            continue
        if not output:
            pair = estimate.input_tokens(call, dialect=dialect.name), usage.input_tokens
        elif text and is_text and not usage.reasoning_tokens and not call.reasoning:
            pair = estimate.text_tokens(text), usage.output_tokens
        else:
            continue
        found.append(pytest.param(*pair, id=case.name))
    return found


@pytest.mark.needs_shared
class TestRecordedUsage:
    @pytest.mark.parametrize(("estimated", "real"), measured(output=False))
    def test_input_is_within_a_fifth(self, estimated: int, real: int) -> None:
        assert is_close(estimated, real)

    @pytest.mark.parametrize(("estimated", "real"), measured(output=True))
    def test_output_is_within_a_fifth(self, estimated: int, real: int) -> None:
        assert is_close(estimated, real)

    def test_there_is_enough_to_measure(self) -> None:
        assert len(measured(output=False)) >= 20
        assert len(measured(output=True)) >= 10


class TestTextTokens:
    @pytest.mark.parametrize(
        ("text", "tokens"),
        [("", 0), ("word", 1), ("two words", 2), ("a" * 18, 2), ("12345", 3), ("你好世界", 4),
         ("one\n\ntwo", 3), ("really?!", 2), ("    indented", 2)],
    )  # fmt: skip
    def test_counts_runs_of_each_script(self, text: str, tokens: int) -> None:
        assert estimate.text_tokens(text) == tokens

    @given(st.text(), st.text())
    def test_more_text_is_never_fewer_tokens(self, one: str, two: str) -> None:
        assert estimate.text_tokens(f"{one}\n{two}") >= estimate.text_tokens(one)

    @given(st.text(min_size=1))
    def test_is_never_more_than_four_tokens_a_character(self, text: str) -> None:
        assert 0 <= estimate.text_tokens(text) <= 4 * len(text)


def chat(*parts: wire.Part, **fields: Any) -> wire.ChatCall:
    message = wire.Message(role=wire.Role.USER, parts=parts)
    return wire.ChatCall(model="m", messages=(message,), **fields)


class TestInputTokens:
    def test_every_part_counts(self) -> None:
        image = wire.ImagePart(media=wire.Media(url="https://example.com/x.png"))
        call = wire.ToolCallPart(id="1", name="look_up", arguments='{"city":"Paris"}')
        result = wire.ToolResultPart(call_id="1", content=(wire.TextPart(text="sunny"),))
        document = wire.DocumentPart(media=wire.Media(data="eA=="))
        audio = wire.AudioPart(media=wire.Media(data="eA=="))
        base = estimate.input_tokens(chat())

        for part in (image, call, result, document, audio, wire.TextPart(text="hello")):
            assert estimate.input_tokens(chat(part)) > base

    def test_tools_and_schemas_count(self) -> None:
        tool = wire.Tool(name="look_up", description="Find a city.", parameters={"type": "object"})
        plain = estimate.input_tokens(chat())

        assert estimate.input_tokens(chat(tools=(tool,))) > plain
        assert estimate.input_tokens(chat(tools=(tool,)), dialect="anthropic_messages") > 300

    def test_knows_what_every_family_adds(self) -> None:
        assert set(estimate.OVERHEADS) == set(DIALECTS)


class TestTextsTokens:
    def test_counts_texts_and_token_ids(self) -> None:
        call = wire.EmbeddingCall(model="m", inputs=("two words", (1, 2, 3)))

        assert estimate.texts_tokens(call) == 5


class TestBodyTokens:
    def test_counts_what_the_model_reads(self) -> None:
        body = msgspec.json.encode(
            {"model": "a-name-of-many-words", "messages": [{"role": "user", "content": "one two"}]}
        )

        assert estimate.body_tokens(body) == estimate.USUAL.call + estimate.USUAL.message + 2

    def test_a_picture_in_the_body_has_a_flat_rate(self) -> None:
        body = msgspec.json.encode({"input": "A" * 1_000_000})

        assert estimate.body_tokens(body) == estimate.USUAL.call + estimate.IMAGE_TOKENS

    def test_reads_escaped_text_as_the_text_it_stands_for(self) -> None:
        escaped = rb'{"input": "\u4f60\u597d"}'

        assert estimate.body_tokens(escaped) == estimate.body_tokens('{"input": "你好"}'.encode())

    @given(st.binary(max_size=200))
    def test_any_bytes_give_a_number(self, body: bytes) -> None:
        assert estimate.body_tokens(body) >= 0
