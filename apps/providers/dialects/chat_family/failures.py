"""Read the errors of chat providers: a dozen shapes, one tree.

Source: OpenAI error codes; recorded Azure answers; vLLM, Mistral and FastAPI add `detail`.
"""

import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec

from apps.providers import errors
from apps.providers.errors import ProviderError

MAX_MESSAGE = 2_000
_REQUEST_IDS = ("x-request-id", "request-id", "apim-request-id", "x-ms-request-id", "cf-ray")
_FILTERS = frozenset({"content_filter", "content_policy_violation", "responsibleaipolicyviolation"})
_MONEY = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "account_deactivated",
        "insufficient_balance",
    }
)
_BAD_KEYS = frozenset({"invalid_api_key", "api_key_invalid", "incorrect_api_key"})
_UNKNOWN_MODELS = frozenset({"model_not_found", "deploymentnotfound"})
# Some vendors answer 400 without a code for a key that they do not know.
_BAD_KEY = re.compile(r"(?:incorrect|invalid) api[ _-]?key", re.IGNORECASE)
_STATUS = re.compile(r"[0-9]{3}")
_AUTH_STATUSES = frozenset({401, 402, 403})
_OVERLOADED_STATUSES = frozenset({503, 529})
_TIMEOUT_STATUSES = frozenset({408, 504})


class _Said:
    """What an error body says, whatever its shape."""

    __slots__ = ("code", "codes", "message", "param", "retry_after_s", "status")

    def __init__(self) -> None:
        self.message = ""
        self.code: str | None = None
        self.param: str | None = None
        self.status: int | None = None
        self.retry_after_s: float | None = None
        self.codes: set[str] = set()


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that an answer stands for; never raises."""
    said = _read_body(body)
    kind = _classify(status, said.codes)
    if kind is errors.ProviderRejectedError and _BAD_KEY.match(said.message):
        kind = errors.ProviderAuthError
    return kind(
        _message(kind, status, said, body),
        status=status,
        body=body,
        retry_after_s=_retry_after(headers) or said.retry_after_s,
        upstream_request_id=_request_id(headers),
        upstream_code=said.code,
        param=said.param,
    )


def embedded_error(plain: Mapping[str, Any], body: bytes) -> ProviderError | None:
    """The error inside an answer (or an event) whose status said success."""
    if not plain.get("error"):
        return None
    said = _read_plain(plain)
    status = said.status if said.status is not None and 400 <= said.status <= 599 else None
    kind = _classify(status or 500, said.codes)
    return kind(
        _message(kind, status or 500, said, body),
        status=status,
        body=body,
        retry_after_s=said.retry_after_s,
        upstream_code=said.code,
        param=said.param,
    )


def raise_embedded(plain: Mapping[str, Any], body: bytes) -> None:
    """Raise the error that the answer holds, if it holds one."""
    error = embedded_error(plain, body)
    if error is not None:
        _raise(error)


def _raise(error: ProviderError) -> NoReturn:
    raise error


def _classify(status: int, codes: set[str]) -> type[ProviderError]:
    if codes & _FILTERS:
        return errors.ProviderContentFilterError
    if codes & (_MONEY | _BAD_KEYS):
        return errors.ProviderAuthError
    if status == 404 or codes & _UNKNOWN_MODELS:
        return errors.ProviderNotFoundError
    if status in _AUTH_STATUSES:
        return errors.ProviderAuthError
    if status == 429:
        return errors.ProviderRateLimitError
    if status in _OVERLOADED_STATUSES:
        return errors.ProviderOverloadedError
    if status in _TIMEOUT_STATUSES:
        return errors.ProviderTimeoutError
    if status == 413:
        return errors.ProviderTooLargeError
    if status >= 500:
        return errors.ProviderFaultError
    if status >= 400:
        return errors.ProviderRejectedError
    return errors.ProviderProtocolError


def _message(kind: type[ProviderError], status: int, said: _Said, body: bytes) -> str:
    if kind is errors.ProviderAuthError:
        # The provider's own words may quote the key, and are no business of the caller.
        return f"The provider refused the portal's own account ({status})."
    if said.message:
        return said.message[:MAX_MESSAGE]
    if body.strip():
        return f"The provider answered {status} with a page that is not JSON."
    return f"The provider answered {status} without a body."


def _read_body(body: bytes) -> _Said:
    try:
        plain = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _read_text(body)
    if isinstance(plain, list) and plain:
        plain = plain[0]  # Gemini's compatible surface wraps its errors in a list
    if isinstance(plain, str):
        plain = {"message": plain}
    return _read_plain(plain) if isinstance(plain, dict) else _Said()


def _read_text(body: bytes) -> _Said:
    said = _Said()
    text = body[: 4 * MAX_MESSAGE].decode("utf-8", "replace").strip()
    if text and "<" not in text and text.isprintable():
        said.message = text
    return said


def _read_plain(plain: Mapping[str, Any]) -> _Said:
    said = _Said()
    error = plain.get("error")
    if isinstance(error, str):
        said.message = error
        error = plain
    if not isinstance(error, dict):
        error = plain
    said.message = said.message or _words(error)
    said.code = _first_code(error)
    said.param = _text(error.get("param")) or _text(error.get("target")) or _path(error)
    for key in ("code", "status", "statusCode"):
        value = error.get(key)
        number = int(value) if isinstance(value, str) and _STATUS.fullmatch(value) else value
        if isinstance(number, int) and said.status is None:
            said.status = number
    said.codes = {code.lower() for code in _all_codes(error)}
    said.retry_after_s = _retry_delay(error.get("details"))
    return said


def _words(error: Mapping[str, Any]) -> str:
    message = _text(error.get("message"))
    metadata = error.get("metadata")
    raw = _text(metadata.get("raw")) if isinstance(metadata, dict) else None
    if message and raw:
        return f"{message}: {raw}"
    if message:
        return message
    detail = error.get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        return _text(detail[0].get("msg")) or ""
    return _text(detail) or ""


def _path(error: Mapping[str, Any]) -> str | None:
    """The field that a FastAPI-like `detail` names (`loc: [body, response_format]`)."""
    detail = error.get("detail")
    if isinstance(detail, list) and detail:
        detail = detail[0]
    loc = detail.get("loc") if isinstance(detail, dict) else None
    if not isinstance(loc, list):
        return None
    return ".".join(str(step) for step in loc if step != "body") or None


def _first_code(error: Mapping[str, Any]) -> str | None:
    """The provider's code; its type where the code is absent or only repeats the status."""
    code = error.get("code")
    if isinstance(code, str) and code and not code.isdecimal():
        return code
    status = error.get("status")
    if isinstance(status, str) and status:
        return status
    return _text(error.get("type"))


def _all_codes(error: Mapping[str, Any]) -> set[str]:
    found = [error.get("code"), error.get("type"), error.get("status")]
    inner = error.get("innererror")
    if isinstance(inner, dict):
        found.append(inner.get("code"))
    details = error.get("details")
    details = details if isinstance(details, list) else []
    found += [detail.get("reason") for detail in details if isinstance(detail, dict)]
    return {code for code in found if isinstance(code, str)}


def _retry_delay(details: Any) -> float | None:
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and delay.endswith("s"):
            return _seconds(delay[:-1])
    return None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    milliseconds = _seconds(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    return _seconds(headers.get("retry-after", ""))


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _request_id(headers: Mapping[str, str]) -> str | None:
    return next((headers[name] for name in _REQUEST_IDS if headers.get(name)), None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
