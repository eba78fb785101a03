"""The portal's own headers on an answer."""

from apps.inference.call import Call

_LONGEST = 2000


def of_call(call: Call) -> list[tuple[str, str]]:
    """Who answered, after how many attempts, at what cost, and what was lost on the way.

    A stream's cost is not known when its headers leave: it is on the call's record.
    """
    headers = [("X-Portal-Attempts", str(len(call.attempts)))]
    if (last := call.last) is not None:
        headers.append(("X-Portal-Provider", last.target.provider.slug))
        headers.append(("X-Portal-Model", _ascii(last.target.model.name)))
        if last.target.provider.is_simulated:
            headers.append(("X-Portal-Simulated", "true"))
        if last.upstream_request_id:
            headers.append(("X-Portal-Upstream-Request-Id", _ascii(last.upstream_request_id)))
    if call.cost_usd_micros is not None:
        headers.append(("X-Portal-Cost-Usd", f"{call.cost_usd_micros / 1e6:.6f}"))
    if call.warnings:
        headers.append(("X-Portal-Warnings", _ascii(", ".join(call.warnings))))
    return headers


def _ascii(text: str) -> str:
    """A header value: names of models and fields are other people's, and may be anything."""
    printable = "".join(c if " " <= c <= "~" else "?" for c in text[:_LONGEST])
    return printable.strip()
