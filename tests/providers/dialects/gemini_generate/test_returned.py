"""Signatures of other dialects in the body of a caller who goes on to this one."""

from typing import Any

import msgspec

from apps.providers.dialects.gemini_generate import outbound
from apps.providers.dialects.gemini_generate.signing import (
    NO_SIGNATURE,
    Signature,
    write_signature,
)
from tests.providers.dialects.gemini_generate.asking import MODEL, OPTIONS, incoming

SEALED = write_signature(Signature("s", "anthropic_messages"))
OWN = "b3du"
CALL = {"functionCall": {"name": "f", "args": {}}}


def forwarded(*parts: dict[str, Any]) -> tuple[Any, tuple[str, ...]]:
    body = {"contents": [{"role": "model", "parts": list(parts)}], "future": 1}
    request = outbound.forward_request(incoming(body), MODEL, OPTIONS)
    sent = msgspec.json.decode(request.body)
    assert sent.pop("future") == 1
    return [content["parts"] for content in sent["contents"]], request.warnings


class TestWithoutForeignSignatures:
    def test_leaves_own_signatures_alone(self) -> None:
        parts: list[dict[str, Any]] = [{"text": "a", "thoughtSignature": OWN}, CALL]

        assert forwarded(*parts) == ([parts], ())

    def test_takes_foreign_thoughts_and_signatures_out(self) -> None:
        parts, warnings = forwarded(
            {"text": "thought", "thought": True, "thoughtSignature": SEALED},
            {"text": "said", "thought_signature": SEALED},
            {"text": "own", "thoughtSignature": OWN},
        )

        assert parts == [[{"text": "said"}, {"text": "own", "thoughtSignature": OWN}]]
        assert warnings == ("reasoning: dropped",)

    def test_says_of_a_call_that_its_signature_is_not_known(self) -> None:
        parts, _ = forwarded({**CALL, "thoughtSignature": SEALED})

        assert parts == [[{**CALL, "thoughtSignature": NO_SIGNATURE}]]

    def test_takes_a_turn_of_nothing_else_out(self) -> None:
        assert forwarded({"text": "", "thought": True, "thoughtSignature": SEALED})[0] == []
