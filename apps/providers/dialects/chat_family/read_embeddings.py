"""Read a caller's request for embeddings."""

from collections.abc import Mapping
from typing import Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.reading import read
from apps.providers.errors import UnsupportedContentError

Input = str | list[str | int | list[int]]


class EmbeddingsIn(msgspec.Struct):
    """The fields that have a canonical meaning."""

    input: Input
    model: str | None = None
    dimensions: int | None = None
    encoding_format: str | None = None
    input_type: str | None = None
    user: str | None = None


_FIELDS = frozenset(EmbeddingsIn.__struct_fields__)
_ENCODINGS = ("float", "base64")
_KINDS = ("text", "query", "document")


def read_embeddings(plain: Mapping[str, Any], *, model: str) -> wire.EmbeddingCall:
    """The canonical call.

    Raises:
        InvalidInputError: a field has the wrong form; `param` is its path.
        UnsupportedContentError: an encoding that not every provider can be asked for.
    """
    request = read(EmbeddingsIn, plain)
    inputs, single = _inputs(request.input)
    encoding = request.encoding_format or "float"
    if encoding not in _ENCODINGS:
        raise UnsupportedContentError(
            f"`encoding_format`: `{encoding[:40]}` cannot be carried.", param="encoding_format"
        )
    if request.input_type is not None and request.input_type not in _KINDS:
        raise InvalidInputError(
            f"`input_type`: `{request.input_type[:40]}` is none of text, query, document.",
            param="input_type",
        )
    return wire.EmbeddingCall(
        model=model or request.model or "",
        inputs=inputs,
        dimensions=request.dimensions,
        encoding=encoding,
        kind=request.input_type,
        user=request.user,
        single=single,
        extras={k: v for k, v in plain.items() if k not in _FIELDS and v is not None},
    )


def _inputs(given: Input) -> tuple[tuple[str | tuple[int, ...], ...], bool]:
    """Texts or token ids; a bare list of numbers is one input of token ids."""
    if isinstance(given, str):
        return (given,), True
    if not given:
        raise InvalidInputError("`input`: at least one is needed.", param="input")
    if all(isinstance(item, int) for item in given):
        return (tuple(item for item in given if isinstance(item, int)),), True
    inputs: list[str | tuple[int, ...]] = []
    for index, item in enumerate(given):
        if isinstance(item, int):
            at = f"input[{index}]"
            raise InvalidInputError(f"`{at}`: a number among texts or lists.", param=at)
        inputs.append(item if isinstance(item, str) else tuple(item))
    return tuple(inputs), False
