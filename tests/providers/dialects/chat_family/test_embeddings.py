import base64
import json
import struct

import pytest

from apps.providers import wire
from apps.providers.dialects.chat_family.embeddings import (
    pack_floats,
    read_vectors,
    unpack_floats,
    write_vectors,
)
from apps.providers.errors import ProviderProtocolError, ProviderRateLimitError


class TestReadVectors:
    def test_reads_lists_and_base64_and_sorts_by_index(self) -> None:
        body = json.dumps(
            {
                "data": [
                    {"index": 1, "embedding": pack_floats([0.5, -2.0])},
                    {"index": 0, "embedding": [1, 2.5]},
                ],
                "model": "e",
                "usage": {"prompt_tokens": 4, "total_tokens": 4},
            }
        ).encode()

        assert read_vectors(body) == wire.EmbeddingReply(
            model="e", vectors=((1.0, 2.5), (0.5, -2.0)), usage=wire.Usage(input_tokens=4)
        )

    def test_keeps_the_order_where_an_index_is_missing(self) -> None:
        body = b'{"data":[{"index":5,"embedding":[1]},{"embedding":[2]}]}'

        assert read_vectors(body).vectors == ((1.0,), (2.0,))

    @pytest.mark.parametrize(
        "body",
        [
            b"[]",
            b"{}",
            b"<html>",
            b'{"data":[{"embedding":"?"}]}',
            b'{"data":[{"embedding":["a"]}]}',
            b'{"data":[{"embedding":"AAA="}]}',
        ],
    )
    def test_refuses_what_is_no_vector(self, body: bytes) -> None:
        with pytest.raises(ProviderProtocolError):
            read_vectors(body)

    def test_raises_an_error_that_came_as_success(self) -> None:
        with pytest.raises(ProviderRateLimitError):
            read_vectors(b'{"error":{"message":"slow","code":429}}')


class TestWriteVectors:
    def test_answers_in_the_encoding_that_was_asked_for(self) -> None:
        reply = wire.EmbeddingReply(model="e", vectors=((0.25,),), usage=wire.Usage(input_tokens=2))

        plain = write_vectors(reply, wire.EmbeddingCall(model="m", inputs=("a",)))
        packed = write_vectors(
            reply, wire.EmbeddingCall(model="m", inputs=("a",), encoding="base64")
        )

        assert plain["data"] == [{"object": "embedding", "index": 0, "embedding": (0.25,)}]
        assert packed["data"][0]["embedding"] == "AACAPg=="
        assert plain["usage"] == {"prompt_tokens": 2, "total_tokens": 2}


class TestPackFloats:
    def test_is_little_endian(self) -> None:
        values = (1.5, -3.25, 0.0)

        assert pack_floats(values) == pack_floats(unpack_floats(pack_floats(values)))
        assert unpack_floats(pack_floats(values)) == values
        packed = struct.pack("<3f", *values)
        assert unpack_floats(base64.b64encode(packed).decode()) == values
