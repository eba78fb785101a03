"""Read a field of an upload and rewrite its model: every other byte of the form stays as it came.

Source: RFC 7578, RFC 2046 section 5.1.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from apps.core.errors import InvalidInputError

_BOUNDARY = re.compile(r'\bboundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_NAME = re.compile(
    rb'^content-disposition:[^\r\n]*?;[ \t]*name=(?:"([^"\r\n]*)"|([^\s;"]+))',
    re.IGNORECASE | re.MULTILINE,
)


class _Part(NamedTuple):
    """One field: where its delimiter begins, its name, and where its value begins and ends."""

    start: int
    name: str
    begin: int
    end: int


def replace_model(body: bytes, content_type: str, model: str) -> bytes:
    """The form with `model` as the value of its field `model`, which is added when missing.

    Raises:
        InvalidInputError: the body is no multipart form.
    """
    boundary = _boundary(content_type)
    value = model.encode()
    for part in _parts(body, boundary):
        if part.name == "model":
            return body[: part.begin] + value + body[part.end :]
    first = _first_delimiter(body, boundary)
    field = b'\r\nContent-Disposition: form-data; name="model"\r\n\r\n'
    return body[:first] + b"--" + boundary + field + value + b"\r\n" + body[first:]


def read_field(body: bytes, content_type: str, name: str) -> str | None:
    """The text of a field of the form; None when the form has no such field.

    Raises:
        InvalidInputError: the body is no multipart form, or the field is not text.
    """
    for part in _parts(body, _boundary(content_type)):
        if part.name == name:
            try:
                return body[part.begin : part.end].decode()
            except UnicodeDecodeError as error:
                raise InvalidInputError(
                    f"The form field `{name}` is not text.", param=name
                ) from error
    return None


def _parts(body: bytes, boundary: bytes) -> Iterator[_Part]:
    delimiter = b"--" + boundary
    start = _first_delimiter(body, boundary)
    while True:
        head = start + len(delimiter)
        if body[head : head + 2] == b"--":
            return
        end = body.find(b"\r\n" + delimiter, head)
        if end < 0:
            raise _unreadable()
        blank = body.find(b"\r\n\r\n", head, end)
        named = _NAME.search(body[head:blank].replace(b"\r\n", b"\n")) if blank >= 0 else None
        if named is not None:
            name = (named[1] if named[1] is not None else named[2]).decode("utf-8", "replace")
            yield _Part(start, name, blank + 4, end)
        start = end + 2


def _first_delimiter(body: bytes, boundary: bytes) -> int:
    delimiter = b"--" + boundary
    if body.startswith(delimiter):
        return 0
    start = body.find(b"\r\n" + delimiter)
    if start < 0:
        raise _unreadable()
    return start + 2  # what stands before the first boundary is a preamble


def _boundary(content_type: str) -> bytes:
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().lstrip().startswith("multipart/") or found is None:
        raise InvalidInputError("The request is neither JSON nor a multipart form.")
    return (found[1] or found[2]).encode("latin-1", "replace")


def _unreadable() -> InvalidInputError:
    return InvalidInputError("The multipart form cannot be read: a boundary is missing.")
