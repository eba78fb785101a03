"""The engine: everything one call needs, in order, from a known caller to settled books."""

import random
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec

from apps.core.errors import NotFoundError, PortalError, UnavailableError
from apps.core.ids import new_id
from apps.inference import catalog, estimate, records
from apps.inference.call import Answer, Attempt, Call
from apps.inference.catalog import EndpointEntry, TargetEntry
from apps.inference.relay import Books, events_of_array, stream_answer, with_first
from apps.inference.runtime import runtime
from apps.inference.translation import CannotCountError, Translation, Translator
from apps.providers import wire
from apps.providers.dialects import DIALECTS
from apps.providers.errors import (
    ProviderConnectionError,
    ProviderError,
    ProviderProtocolError,
    UnsupportedContentError,
)
from apps.providers.transport import Answer as Upstreams
from apps.providers.types import Timeouts, Upstream

_random = random.Random()  # noqa: S311  spreads load; nothing secret hangs on it


async def run_call(call: Call) -> Answer:
    """Answer one call: resolve, guard, reserve, attempt, render, settle.

    A plain answer is settled when this returns, a stream when it ends or is left.

    Raises:
        PortalError: with the reason; the call is settled then.
    """
    try:
        call.endpoint = resolve_endpoint(call)
        guard_before(call)
        reserve(call)
        return await attempt_targets(call, plan(call, call.endpoint))
    except PortalError as error:
        settle(call, error)
        raise
    except Exception:
        settle(call, PortalError("The portal failed to answer."))
        raise
    except BaseException:
        # The caller left, or the process stops: what was sent upstream is metered all the same.
        settle(call, None)
        raise


def resolve_endpoint(call: Call) -> EndpointEntry:
    """The published endpoint that the caller names: the team's own first, then the shared.

    Raises:
        NotFoundError: no such endpoint for this caller; names the nearest.
    """
    principal = call.principal
    return catalog.current().resolve(
        call.incoming.model, principal.team_id, allowed=principal.endpoints
    )


def guard_before(call: Call) -> None:
    """Checks on a call before anything is spent on it.

    Raises:
        NotFoundError: the endpoint is switched off.
        UnavailableError: it has no target.
    """
    endpoint = _endpoint(call)
    if not endpoint.enabled:
        raise NotFoundError(f"The endpoint `{endpoint.name}` is switched off.", param="model")
    if not endpoint.targets:
        raise UnavailableError(f"The endpoint `{endpoint.name}` has no target that can answer.")


def reserve(call: Call) -> None:
    """Set aside what the call may take: for now the room for its record."""
    call.keep_bytes = records.room(_endpoint(call).body_policy)


def plan(call: Call, endpoint: EndpointEntry) -> Sequence[TargetEntry]:
    """The targets in the order in which they are tried."""
    return catalog.plan_targets(endpoint, call.session, _random)


async def attempt_targets(call: Call, targets: Sequence[TargetEntry]) -> Answer:
    """Try one target after the other until one answers.

    The next is tried on errors that another provider may not have, before the first byte only;
    a target that cannot carry the content is passed over without a call.
    """
    translator = Translator(call.incoming, call.source, created=int(call.now.timestamp()))
    failure: PortalError | None = None
    for target in targets:
        try:
            translation = translator.say_to(target)
        except CannotCountError:
            return estimated_count(call, translator)
        except UnsupportedContentError as error:
            failure = failure or error
            continue
        try:
            return await attempt(call, target, translation)
        except ProviderError as error:
            failure = error
            if not error.retryable:
                break
    raise failure or UnavailableError("No target can answer now.")


async def attempt(call: Call, target: TargetEntry, translation: Translation) -> Answer:
    """One try at one target.

    Raises:
        ProviderError: what went wrong; the attempt is closed with it.
    """
    made = open_attempt(call, target)
    try:
        upstream = await send(call, made, translation)
        if upstream.status >= 400:
            raise await _refusal(call, made, upstream)
        answer = _streamed if call.incoming.stream else _whole
        return await answer(call, made, translation, upstream)
    except ProviderError as error:
        error.dialect = target.provider.dialect
        made.sent = error.sent
        made.status = made.status or error.status
        made.upstream_request_id = error.upstream_request_id or made.upstream_request_id
        made.end("failed", error)
        raise


def open_attempt(call: Call, target: TargetEntry) -> Attempt:
    """Put an attempt on the call's list before its first byte leaves."""
    made = Attempt(
        id=new_id("att"),
        number=len(call.attempts) + 1,
        target=target,
        started_at=datetime.now(UTC),
        began=time.perf_counter(),
    )
    call.attempts.append(made)
    call.forget_answer()
    return made


async def send(call: Call, made: Attempt, translation: Translation) -> Upstreams:
    """Send the request; returns when the provider's status and headers are there."""
    target = made.target
    if target.credential is None:
        raise ProviderConnectionError(
            f"The provider `{target.provider.slug}` has no usable credential.", sent=False
        )
    request = translation.request
    made.request_headers = (*request.headers, *target.headers)
    made.sent = True  # from here on it may have left; errors know when it surely has not
    upstream = await runtime().transport.send(
        Upstream(
            base_url=target.provider.base_url,
            request=request,
            auth=target.credential.headers,
            extra_headers=target.headers,
            timeouts=_timeouts(call),
        )
    )
    call.warnings = tuple(translation.warnings)
    made.status = upstream.status
    made.response_headers = tuple(upstream.raw_headers)
    made.upstream_request_id = _upstream_request_id(upstream)
    made.mark_first_byte()
    return upstream


async def _refusal(call: Call, made: Attempt, upstream: Upstreams) -> ProviderError:
    body = without_secrets(await upstream.read(runtime().max_reply_bytes), made.target)
    call.keep(body)
    outbound = DIALECTS[made.target.provider.dialect].outbound
    return outbound.parse_error(upstream.status, upstream.headers, body)


def without_secrets(body: bytes, target: TargetEntry) -> bytes:
    """A provider's error without what only the portal may know, should the provider repeat it.

    The secret that was shown to it, and the address of an upstream on a port of its own.
    """
    address = urlsplit(target.provider.base_url).netloc
    hidden = [address] if ":" in address else []
    if target.credential is not None:
        hidden += [value.removeprefix("Bearer ") for _, value in target.credential.headers]
    for text in hidden:
        body = body.replace(text.encode(), b"(hidden)")
    return body


async def _whole(
    call: Call, made: Attempt, translation: Translation, upstream: Upstreams
) -> Answer:
    raw = await upstream.read(runtime().max_reply_bytes)
    content_type = upstream.headers.get("content-type", "application/json")
    _check_whole(call, translation, content_type, raw)
    body, made.facts = translation.render(raw)
    made.usage_estimated = made.facts.usage is not None and made.facts.usage.estimated
    call.keep(body)
    made.end("done")
    settle(call, None)
    if not translation.relays:
        content_type = "application/json"
    return Answer(body=body, content_type=content_type)


def _check_whole(call: Call, how: Translation, content_type: str, raw: bytes) -> None:
    """A page where JSON was promised is no answer, whatever its status (binary audio is)."""
    if how.relays and call.incoming.operation in _JSON_ANSWERS:
        try:
            _JSON.decode(raw)
        except (msgspec.DecodeError, RecursionError) as error:
            kind = content_type.partition(";")[0] or "something"
            raise ProviderProtocolError(
                f"The provider answered with {kind} that is not valid JSON.", body=raw
            ) from error


async def _streamed(
    call: Call, made: Attempt, translation: Translation, upstream: Upstreams
) -> Answer:
    """Wait for the first bytes, so that a provider that breaks before them is no answer yet."""
    chunks = await _open_stream(call, made, upstream)
    try:
        first = await anext(chunks)
    except StopAsyncIteration:
        raise ProviderConnectionError("The provider closed an empty stream.") from None
    rest = with_first(first, chunks)
    events = stream_answer(call, made, translation, rest, upstream.close, settle_stream)
    return Answer(events=events, content_type="text/event-stream")


async def _open_stream(call: Call, made: Attempt, upstream: Upstreams) -> AsyncIterator[bytes]:
    content_type = upstream.headers.get("content-type", "")
    if "json" not in content_type and "html" not in content_type:
        return upstream.chunks()
    body = await upstream.read(runtime().max_reply_bytes)
    if body.lstrip()[:1] == b"[":
        return events_of_array(body)
    outbound = DIALECTS[made.target.provider.dialect].outbound
    call.keep(body)
    error = outbound.parse_error(upstream.status, upstream.headers, body)
    raise ProviderProtocolError(
        f"The provider answered a stream with {content_type}: {error.message}", body=body
    )


def estimated_count(call: Call, translator: Translator) -> Answer:
    """Count tokens without a provider, and say that it is an estimate."""
    tokens = estimate.input_tokens(translator.chat_call())
    call.warnings = ("input_tokens: estimated",)
    settle(call, None)
    return Answer(body=call.source.inbound.render_count(tokens))


def settle_stream(call: Call, made: Attempt, books: Books) -> None:
    """Close the books of a stream: what was not told to the end is estimated from what was said."""
    is_told = books.usage is not None and (made.state == "done" or books.finish is not None)
    if made.sent and not is_told and call.incoming.operation in _METERED:
        told = books.usage or wire.Usage(input_tokens=estimate.body_tokens(call.incoming.body))
        said = estimate.text_tokens("".join(books.said))
        usage = msgspec.structs.replace(
            told, output_tokens=max(told.output_tokens, said), estimated=True
        )
        made.usage_estimated = True
        made.facts = msgspec.structs.replace(made.facts, usage=usage)
    settle(call, books.failure)


def settle(call: Call, error: PortalError | None) -> None:
    """Write the call and its attempts to the record, once, off the caller's path."""
    if call.settled:
        return
    call.settled = True
    for made in call.attempts:
        made.end("failed" if error else "cancelled", error)
        if made.facts.usage is None and made.sent and _is_charged(made):
            _estimate(call, made)
    costs = [cost for made in call.attempts if (cost := records.cost_of(made)) is not None]
    call.cost_usd_micros = sum(costs) if costs else None
    records.write(call, error)


def _is_charged(made: Attempt) -> bool:
    """Whether the provider has worked: it accepted the request, whatever became of the answer.

    A page is no provider's word but that of something in between.
    """
    if made.state != "failed":
        return True
    kinds = [value for name, value in made.response_headers if name.lower() == "content-type"]
    return made.status in range(200, 300) and not any("html" in kind for kind in kinds)


def _estimate(call: Call, made: Attempt) -> None:
    """A provider that did not tell its usage has read the request all the same."""
    if call.incoming.operation not in _METERED:
        return
    tokens = estimate.body_tokens(call.incoming.body)
    made.usage_estimated = True
    made.facts = msgspec.structs.replace(
        made.facts, usage=wire.Usage(input_tokens=tokens, estimated=True)
    )


def _endpoint(call: Call) -> EndpointEntry:
    if call.endpoint is None:
        raise AssertionError("the endpoint is resolved before guards run")
    return call.endpoint


def _timeouts(call: Call) -> Timeouts:
    """The endpoint's total narrows the configured one, the caller's wish narrows both."""
    usual = runtime().timeouts
    wishes = (usual.total_s, _endpoint(call).timeout_s, call.timeout_s)
    total = min(wish for wish in wishes if wish)
    if total >= usual.total_s:
        return usual
    return Timeouts(
        connect_s=min(usual.connect_s, total),
        first_byte_s=min(usual.first_byte_s, total),
        idle_s=min(usual.idle_s, total),
        total_s=total,
    )


def _upstream_request_id(upstream: Upstreams) -> str | None:
    headers = upstream.headers
    return next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), None)


_REQUEST_ID_HEADERS = (
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-ms-request-id",
    "x-goog-request-id",
    "cf-ray",
)
_JSON = msgspec.json.Decoder(msgspec.Raw)
_JSON_ANSWERS = frozenset({"chat", "embeddings", "count_tokens", "moderations", "images", "rerank"})
_METERED = frozenset({"chat", "embeddings"})
