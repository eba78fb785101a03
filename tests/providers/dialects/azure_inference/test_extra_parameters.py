from typing import Any

import pytest

from apps.core.errors import InvalidInputError
from apps.providers.dialects.azure_inference.extra_parameters import CHAT_FIELDS, sift

PLAIN: dict[str, Any] = {"messages": [], "n": 2, "safe_prompt": True}


class TestSift:
    @pytest.mark.parametrize("headers", [{}, {"extra-parameters": "error"}])
    def test_refuses_an_unknown_field_and_names_it(self, headers: dict[str, str]) -> None:
        with pytest.raises(InvalidInputError) as caught:
            sift(PLAIN, CHAT_FIELDS, headers)

        assert caught.value.param == "n"
        assert "`n`" in caught.value.message

    def test_drops_and_names_them(self) -> None:
        kept, warnings = sift(PLAIN, CHAT_FIELDS, {"extra-parameters": "drop"})

        assert kept == {"messages": []}
        assert warnings == ("n: dropped", "safe_prompt: dropped")

    def test_hands_them_on(self) -> None:
        assert sift(PLAIN, CHAT_FIELDS, {"extra-parameters": "pass-through"}) == (PLAIN, ())

    def test_needs_no_header_for_known_fields(self) -> None:
        assert sift({"messages": []}, CHAT_FIELDS, {}) == ({"messages": []}, ())

    def test_refuses_a_rule_that_it_does_not_know(self) -> None:
        with pytest.raises(InvalidInputError) as caught:
            sift(PLAIN, CHAT_FIELDS, {"extra-parameters": "maybe"})

        assert caught.value.param == "extra-parameters"
