"""Read a request body at the border: bounded in size and depth, JSON read once at the top level."""

import re
from collections.abc import Mapping

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire

MAX_DEPTH = 100
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]', re.DOTALL)
# Of all escapes only these are looked at: an escaped backslash (so that what follows it is no
# escape), NUL, a surrogate pair, and half of one.
_ESCAPED = re.compile(
    rb"\\(?:\\|u(?:(?P<nul>0000)"
    rb"|[dD][89abAB][0-9a-fA-F]{2}(?P<low>\\u[dD][c-fC-F][0-9a-fA-F]{2})?"
    rb"|[dD][c-fC-F][0-9a-fA-F]{2}))"
)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_fields(body: bytes) -> Mapping[str, msgspec.Raw]:
    """Top-level fields of a JSON object, each as its untouched text, in order.

    Raises:
        InvalidInputError: not UTF-8, not JSON, no object, nested deeper than MAX_DEPTH, or with
            a NUL character or half a surrogate pair in it.
    """
    if not body.strip():
        raise InvalidInputError("The request body is empty; a JSON object is needed.")
    _check_text(body)
    _check_depth(body)
    try:
        return _FIELDS.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidInputError("The request body must be a JSON object.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidInputError(f"The request body is not valid JSON: {error}.") from error


def text_field(fields: Mapping[str, msgspec.Raw], name: str) -> str | None:
    """A top-level string, or None when it is absent or null.

    Raises:
        InvalidInputError: it has another type.
    """
    raw = fields.get(name)
    if raw is None:
        return None
    value = msgspec.json.decode(raw)
    if value is not None and not isinstance(value, str):
        raise InvalidInputError(f"`{name}` must be a string, not {_json_type(value)}.", param=name)
    return value


def flag_field(fields: Mapping[str, msgspec.Raw], name: str) -> bool:
    """A top-level boolean; absent and null are false.

    Raises:
        InvalidInputError: it has another type.
    """
    raw = fields.get(name)
    if raw is None:
        return False
    value = msgspec.json.decode(raw)
    if value is not None and not isinstance(value, bool):
        raise InvalidInputError(
            f"`{name}` must be true or false, not {_json_type(value)}.", param=name
        )
    return bool(value)


def read_incoming(
    operation: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    query: Mapping[str, str],
) -> wire.Incoming:
    """An operation whose model and stream flag are top-level fields of a JSON body."""
    fields = read_fields(body)
    model = text_field(fields, "model")
    if not model:
        raise InvalidInputError(
            "`model` is required: name an endpoint of the portal (list them with GET /v1/models).",
            param="model",
        )
    return wire.Incoming(
        operation=operation,
        model=model,
        body=body,
        fields=fields,
        stream=flag_field(fields, "stream"),
        headers=headers,
        query=query,
    )


def _check_text(body: bytes) -> None:
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise InvalidInputError(
                f"The request body is not valid UTF-8 (byte {error.start})."
            ) from error
    if b"\x00" in body:
        raise InvalidInputError("The request body holds a NUL byte.")
    if b"\\u" in body:
        _check_escapes(body)


def _check_escapes(body: bytes) -> None:
    """Refuse what JSON can spell and no text can hold (RFC 8259 section 8.2)."""
    for match in _ESCAPED.finditer(body):
        if match["nul"]:
            raise InvalidInputError(
                f"The request body holds a NUL character (\\u0000) at byte {match.start()}."
            )
        if match[0] != b"\\\\" and not match["low"]:
            raise InvalidInputError(
                f"The request body holds half a surrogate pair at byte {match.start()}; "
                "send the character itself, or both halves."
            )


def _check_depth(body: bytes) -> None:
    # Counting is fast and settles nearly every body; only the rest is walked.
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _TOKEN.finditer(body):
        token = match[0]
        if token in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise InvalidInputError(
                    f"The request body is nested deeper than {MAX_DEPTH} levels."
                )
        elif token in b"]}":
            depth -= 1


def _json_type(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string"}
    return names.get(type(value), "an array" if isinstance(value, list) else "an object")
