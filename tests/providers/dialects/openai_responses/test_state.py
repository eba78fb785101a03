import json
from typing import Any

import msgspec
import pytest

from apps.providers.dialects.openai_responses.state import refuse_stateful
from apps.providers.errors import UnsupportedContentError


def _fields(**body: Any) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(json.dumps(body), type=dict[str, msgspec.Raw])


class TestRefuseStateful:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("previous_response_id", "resp_1"),
            ("conversation", "conv_1"),
            ("conversation", {"id": "conv_1"}),
            ("prompt", {"id": "pmpt_1"}),
            ("background", True),
            ("store", True),
        ],
    )
    def test_names_the_field_that_asks_for_state(self, name: str, value: object) -> None:
        with pytest.raises(UnsupportedContentError) as caught:
            refuse_stateful(_fields(model="m", input="x", **{name: value}))

        assert caught.value.param == name

    @pytest.mark.parametrize(
        "fields",
        [
            {"previous_response_id": None, "conversation": None, "prompt": None},
            {"background": False, "store": False},
            {"background": None, "store": None, "previous_response_id": ""},
            {"input": 'what is an "item_reference"?'},
            {"input": [{"role": "user", "content": '"item_reference"'}]},
        ],
    )
    def test_lets_pass_what_asks_for_none(self, fields: dict[str, Any]) -> None:
        refuse_stateful(_fields(model="m", **fields))

    def test_refuses_a_reference_to_a_stored_item(self) -> None:
        items = [{"role": "user", "content": "x"}, {"type": "item_reference", "id": "msg_1"}]

        with pytest.raises(UnsupportedContentError) as caught:
            refuse_stateful(_fields(input=items))

        assert caught.value.param == "input[1]"
