"""Thoughts of other dialects in the body of a caller who goes on to this one."""

from typing import Any

import msgspec

from apps.providers.dialects.openai_responses import outbound
from apps.providers.dialects.signatures import seal
from tests.providers.dialects.openai_responses.helpers import MODEL, OPTIONS, incoming

USER = {"role": "user", "content": "portal: what is it?"}
OWN = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "own"}
SEALED = {
    "type": "reasoning",
    "id": "rs_2",
    "summary": [],
    "encrypted_content": seal("anthropic_messages", "s", dialect="openai_responses"),
}


def forwarded(given: Any) -> tuple[Any, tuple[str, ...]]:
    request = outbound.forward_request(incoming({"model": "m", "input": given}), MODEL, OPTIONS)
    return msgspec.json.decode(request.body)["input"], request.warnings


class TestWithoutForeignThoughts:
    def test_takes_sealed_thoughts_out_and_says_so(self) -> None:
        assert forwarded([USER, OWN, SEALED]) == ([USER, OWN], ("reasoning: dropped",))

    def test_leaves_everything_else_alone(self) -> None:
        assert forwarded([USER, OWN]) == ([USER, OWN], ())
        assert forwarded("portal:x:y") == ("portal:x:y", ())
