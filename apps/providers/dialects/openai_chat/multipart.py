"""Rewrite the model of an upload: a field of a multipart form, every other byte as it came.

Source: RFC 7578, RFC 2046 section 5.1.
"""

import re

from apps.core.errors import InvalidInputError

_BOUNDARY = re.compile(r'\bboundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_NAME = re.compile(
    rb'^content-disposition:[^\r\n]*?;[ \t]*name="?model"?[ \t]*(?:;|$)',
    re.IGNORECASE | re.MULTILINE,
)


def replace_model(body: bytes, content_type: str, model: str) -> bytes:
    """The form with `model` as the value of its field `model`, which is added when missing.

    Raises:
        InvalidInputError: the body is no multipart form.
    """
    boundary = _boundary(content_type)
    delimiter = b"--" + boundary
    value = model.encode()
    if not body.startswith(delimiter):
        start = body.find(b"\r\n" + delimiter)
        if start < 0:
            raise _unreadable()
        start += 2  # what stands before the first boundary is a preamble
    else:
        start = 0
    first = start
    while True:
        head = start + len(delimiter)
        if body[head : head + 2] == b"--":
            break
        end = body.find(b"\r\n" + delimiter, head)
        if end < 0:
            raise _unreadable()
        blank = body.find(b"\r\n\r\n", head, end)
        if blank >= 0 and _NAME.search(body[head:blank].replace(b"\r\n", b"\n")):
            return body[: blank + 4] + value + body[end:]
        start = end + 2
    field = b'\r\nContent-Disposition: form-data; name="model"\r\n\r\n'
    return body[:first] + delimiter + field + value + b"\r\n" + body[first:]


def _boundary(content_type: str) -> bytes:
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().lstrip().startswith("multipart/") or found is None:
        raise InvalidInputError("The request is neither JSON nor a multipart form.")
    return (found[1] or found[2]).encode("latin-1", "replace")


def _unreadable() -> InvalidInputError:
    return InvalidInputError("The multipart form cannot be read: a boundary is missing.")
