"""Hand a finished call to the record: the call, its attempts, its usage, its bodies by policy."""

import time
from typing import Final

from django.conf import settings

from apps.core import writer
from apps.core.errors import PortalError
from apps.inference.call import Attempt, Call
from apps.metering.types import UsageEntry
from apps.providers.prices import usd_micros
from apps.telemetry.types import AttemptRecord, BodyRecord, CallRecord

_BODILESS: Final = frozenset({"speech", "transcriptions", "translations"})


def room(policy: str) -> int:
    """How many bytes of an answer are kept while it passes, by the endpoint's body policy."""
    return 0 if _policy(policy) == "off" else settings.PORTAL_LOG_BODY_BYTES


def cost_of(made: Attempt) -> int | None:
    """What an attempt cost, in millionths of a US dollar; None when the price is not known."""
    usage, price = made.facts.usage, made.target.price
    return None if usage is None or price is None else usd_micros(usage, price)


def write(call: Call, error: PortalError | None) -> None:
    """Queue everything that is to be kept of a call; never waits."""
    writer.put("call", _call_record(call, error))
    for made in call.attempts:
        if made.facts.usage is not None and made.sent:
            writer.put("usage", _usage_entry(call, made))


def _call_record(call: Call, error: PortalError | None) -> CallRecord:
    last, principal = call.last, call.principal
    usage = last.facts.usage if last else None
    state = "failed" if error else (last.state if last else "done")
    return CallRecord(
        id=call.request_id,
        created_at=call.now,
        state=state if state in ("done", "failed", "cancelled") else "cancelled",
        team_id=principal.team_id,
        application_id=principal.application_id,
        application=principal.application_slug,
        key_id=principal.key_id,
        client_kind=principal.kind,
        scope=call.scope,
        endpoint=call.incoming.model,
        operation=call.incoming.operation,
        dialect=call.source.name,
        stream=call.incoming.stream,
        attempts=tuple(_attempt_record(made) for made in call.attempts),
        provider=last.target.provider.slug if last else "",
        provider_dialect=last.target.provider.dialect if last else "",
        model=last.target.model.name if last else "",
        is_simulated=last.target.provider.is_simulated if last else False,
        error_code=error.code if error else "",
        error_message=error.message if error else "",
        finish_reason=(last.facts.finish or "") if last else "",
        input_tokens=usage.input_tokens if usage else 0,
        output_tokens=usage.output_tokens if usage else 0,
        cache_read_tokens=usage.cache_read_tokens if usage else 0,
        cache_write_tokens=usage.cache_write_tokens if usage else 0,
        reasoning_tokens=usage.reasoning_tokens if usage else 0,
        usage_estimated=last.usage_estimated if last else False,
        usd_micros=call.cost_usd_micros,
        duration_ms=(time.perf_counter() - call.began) * 1000,
        first_byte_ms=last.first_byte_ms if last else None,
        warnings=call.warnings,
        session_id=call.session or "",
        user_agent=call.user_agent,
        bodies=_bodies(call, failed=error is not None),
    )


def _attempt_record(made: Attempt) -> AttemptRecord:
    target, error = made.target, made.error
    return AttemptRecord(
        id=made.id,
        number=made.number,
        provider=target.provider.slug,
        model=target.model.name,
        target_id=target.id,
        credential_version_id=target.credential.version_id if target.credential else "",
        state=made.state,
        started_at=made.started_at,
        status=made.status,
        request_headers=made.request_headers,
        response_headers=made.response_headers,
        upstream_request_id=made.upstream_request_id or "",
        first_byte_ms=made.first_byte_ms,
        duration_ms=made.duration_ms,
        error_class=type(error).__name__ if error else "",
        error_message=error.message if isinstance(error, PortalError) else str(error or ""),
    )


def _usage_entry(call: Call, made: Attempt) -> UsageEntry:
    usage, principal = made.facts.usage, call.principal
    assert usage is not None
    return UsageEntry(
        attempt_id=made.id,
        call_id=call.request_id,
        created_at=call.now,
        team_id=principal.team_id,
        application_id=principal.application_id,
        key_id=principal.key_id,
        endpoint=call.incoming.model,
        provider=made.target.provider.slug,
        model=made.target.model.name,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        estimated=made.usage_estimated,
        usd_micros=cost_of(made),
    )


def _bodies(call: Call, *, failed: bool) -> BodyRecord | None:
    policy = _policy(call.endpoint.body_policy if call.endpoint else "")
    if policy == "off" or (policy == "errors" and not failed):
        return None
    limit: int = settings.PORTAL_LOG_BODY_BYTES
    body = call.incoming.body
    answer = b"" if call.incoming.operation in _BODILESS else b"".join(call.kept)
    return BodyRecord(
        request=body[:limit],
        response=answer[:limit],
        request_truncated=len(body) > limit,
        response_truncated=call.kept_bytes > limit,
    )


def _policy(own: str) -> str:
    return own or settings.PORTAL_LOG_BODIES
