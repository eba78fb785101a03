"""The tables of docs/dialects.md are what the dialects do."""

import re

import msgspec
import pytest

from apps.core import errors
from apps.core.errors import PortalError
from apps.providers import errors as upstream
from apps.providers import wire
from apps.providers.dialects import DIALECTS
from tests.conftest import REPOSITORY
from tests.structure.dialect_examples import ALONE, CARRIED, chat, incoming, say

TEXT = (REPOSITORY / "docs" / "dialects.md").read_text()
NAMES = list(DIALECTS)
NOTHING = "–"
WHY = "what went wrong"
CASES: dict[str, tuple[PortalError, ...]] = {
    "request that cannot be understood": (errors.InvalidInputError(WHY),),
    "content that cannot be carried": (upstream.UnsupportedContentError(WHY),),
    "no key, or a bad one": (errors.AuthenticationError(WHY),),
    "scope missing": (errors.ScopeMissingError(WHY),),
    "endpoint closed to the key": (errors.PermissionDeniedError(WHY),),
    "unknown endpoint": (errors.NotFoundError(WHY, param="model"),),
    "wrong method": (errors.MethodNotAllowedError(WHY),),
    "body too large": (errors.TooLargeError(WHY),),
    "provider: content filter": (upstream.ProviderContentFilterError(WHY),),
    "provider: rate limit": (upstream.ProviderRateLimitError(WHY),),
    "provider: unknown model": (upstream.ProviderNotFoundError(WHY),),
    "provider: refused the request": (upstream.ProviderRejectedError(WHY),),
    "provider: refused our credential": (upstream.ProviderAuthError(WHY),),
    "provider: not reached, unreadable": (
        upstream.ProviderConnectionError(WHY),
        upstream.ProviderProtocolError(WHY),
    ),
    "provider: failed": (upstream.ProviderFaultError(WHY),),
    "provider: overloaded": (upstream.ProviderOverloadedError(WHY),),
    "provider: too slow": (upstream.ProviderTimeoutError(WHY),),
    "no target can answer": (errors.UnavailableError(WHY),),
    "the portal failed": (PortalError(WHY),),
}


def table(title: str) -> dict[str, list[str]]:
    """The rows of the first table under a heading, by their first cell."""
    found = re.search(rf"^#+ {title}$(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"no section {title}"
    lines = [line for line in found[1].splitlines() if line.startswith("| ")][2:]
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    return {first.strip("`"): rest for first, *rest in cells}


class TestChatRequests:
    def test_every_row_has_its_examples(self) -> None:
        assert table("What becomes of a chat request").keys() == CARRIED.keys()

    @pytest.mark.parametrize("what", CARRIED)
    def test_come_out_as_the_table_says(self, what: str) -> None:
        told = dict(zip(NAMES, table("What becomes of a chat request")[what], strict=True))

        for target, cell in told.items():
            seen = {
                say(body, source_name=source, target_name=target)
                for source, body in CARRIED[what].items()
                if source != target
            }
            assert seen == ({re.split(r"[ :]", cell)[0]} - {NOTHING}), target


class TestOwnFeatures:
    @pytest.mark.parametrize("source", ALONE)
    def test_are_told_completely(self, source: str) -> None:
        told = table("What only a dialect's own provider could do")[source]

        words = {word.partition(":")[0] for word in re.findall(r"`([^`]*)`", " ".join(told))}
        assert words == ALONE[source].keys()

    @pytest.mark.parametrize(
        ("source", "what"), [(source, what) for source in ALONE for what in ALONE[source]]
    )
    def test_are_refused_by_all_others(self, source: str, what: str) -> None:
        body = ALONE[source][what]

        others = [name for name in NAMES if name != source]
        assert {say(body, source_name=source, target_name=name) for name in others} == {"refused"}

    def test_state_is_refused_by_providers_of_responses_too(self) -> None:
        outbound = DIALECTS["openai_responses"].outbound
        model, options = wire.TargetModel(name="gpt-5-mini"), outbound.Options()
        told = table("What only a dialect's own provider could do")["openai_responses"][1]

        for word in re.findall(r"`([^`:]*)", told)[::2]:
            body = ALONE["openai_responses"][word]
            with pytest.raises(upstream.UnsupportedContentError):
                outbound.forward_request(incoming(body), model, options)


class TestFinishReasons:
    @pytest.mark.parametrize("reason", table("Answers"))
    def test_are_rendered_as_the_table_says(self, reason: str) -> None:
        shown, *others = table("Answers")[reason]
        told = dict(zip(NAMES, [shown, *others, shown], strict=True))

        assert {name: _finish(name, wire.FinishReason(reason)) for name in NAMES} == told


class TestErrors:
    def test_every_row_has_its_case(self) -> None:
        assert table("Errors").keys() == CASES.keys()

    @pytest.mark.parametrize("what", CASES)
    def test_are_rendered_as_the_table_says(self, what: str) -> None:
        told = table("Errors")[what]

        for error in CASES[what]:
            assert [_shown(name, error) for name in NAMES] == told


def _finish(name: str, reason: wire.FinishReason) -> str:
    called = reason is wire.FinishReason.TOOL_CALLS
    part = wire.ToolCallPart(id="c", name="f") if called else wire.TextPart(text="x")
    reply = wire.ChatReply(id="i", model="m", choices=(wire.Choice(parts=(part,), finish=reason),))
    call = DIALECTS["openai_chat"].inbound.decode_request(incoming(chat()))
    body = msgspec.json.decode(DIALECTS[name].inbound.render_reply(reply, call))
    if "choices" in body:
        return str(body["choices"][0]["finish_reason"])
    if "candidates" in body:
        return str(body["candidates"][0]["finishReason"])
    if "stop_reason" in body:
        return str(body["stop_reason"])
    details = body.get("incomplete_details")
    return f"{body['status']} / {details['reason']}" if details else str(body["status"])


def _shown(name: str, error: PortalError) -> str:
    rendered = DIALECTS[name].inbound.render_error(error, request_id="req_1")
    told = msgspec.json.decode(rendered.body)["error"]
    word = told["type"] if name == "anthropic_messages" else told.get("status") or told["code"]
    return f"{rendered.status} {word}"
