"""Every recorded exchange through a live portal: same dialect, across dialects, chopped and cut.

The portal's upstream is a replay of real provider traffic over a real socket. What comes out is
read by `tests.live.reading`, which shares no code with the portal, and compared with what the same
reader finds in the recording.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from tests.conftest import free_port
from tests.live import corpus, documents, reading
from tests.live.corpus import Case
from tests.live.portal import LivePortal, running_portal, running_process, running_simulator
from tests.live.proofs import as_far_as_it_comes

pytestmark = [pytest.mark.verify, pytest.mark.needs_shared]

WAYS = {"whole": (), "chopped": ("--chunk", "7"), "cut": ("--cut-after", "300")}
CHAT_PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
    "azure_inference": "/azure/chat/completions?api-version=2024-05-01-preview",
}
OTHER_PATHS = {
    ("openai_chat", "embeddings"): "/v1/embeddings",
    ("azure_inference", "embeddings"): "/azure/embeddings?api-version=2024-05-01-preview",
    ("openai_chat", "images"): "/v1/images/generations",
    ("anthropic_messages", "count_tokens"): "/v1/messages/count_tokens",
}
STATEFUL = ("previous_response_id", "conversation", "background")


@dataclass
class Tally:
    """Verdicts; `failures` hold one line each."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def note(self, verdict: str, what: str, why: str = "") -> None:
        self.counts[verdict] += 1
        if verdict == "failed":
            self.failures.append(f"{what}: {why}")


@dataclass
class Bench:
    """A portal in front of the replays and of a simulator, and the cases."""

    portal: LivePortal
    http: httpx.Client
    cases: list[Case]
    left_out: dict[str, str]

    def post(self, dialect: str, operation: str, model: str, body: Any, **how: Any) -> Any:
        """One request in a dialect; `verb` and `stream` choose Gemini's method."""
        headers = {
            "authorization": f"Bearer {self.portal.key}",
            "anthropic-version": "2023-06-01",
            "extra-parameters": "pass-through",
        }
        if dialect == "gemini_generate":
            verb = how.get("verb") or "generateContent"
            if how.get("stream"):
                verb = "streamGenerateContent"
            alt = "?alt=sse" if verb == "streamGenerateContent" else ""
            path = f"/v1beta/models/{model}:{verb}{alt}"
        else:
            path = OTHER_PATHS.get((dialect, operation)) or CHAT_PATHS[dialect]
            body = {**body, "model": model}
            if how.get("stream"):
                body["stream"] = True
        request = {"method": "POST", "url": path, "json": body, "headers": headers}
        return as_far_as_it_comes(self.http, **request)


@pytest.fixture(scope="module")
def bench(shared_dir: Path) -> Iterator[Bench]:
    cases, left_out = corpus.load(shared_dir / "wire")
    replay = [sys.executable, str(shared_dir / "tools" / "replay_upstream.py")]
    with ExitStack() as stack:
        upstreams = {}
        for way, options in WAYS.items():
            port = free_port()
            url = f"http://127.0.0.1:{port}"
            command = [*replay, str(shared_dir / "wire"), "--port", str(port), *options]
            stack.enter_context(running_process(command, f"{url}/__cases"))
            upstreams[way] = url
        simulator = stack.enter_context(running_simulator())
        document = corpus.document(cases, upstreams)
        for part, entries in documents.simulated(simulator).items():
            if part in ("providers", "endpoints"):
                document[part] += entries
        private = [url.removeprefix("http://") for url in (*upstreams.values(), simulator)]
        portal = stack.enter_context(running_portal(document, application="wire", private=private))
        http = stack.enter_context(httpx.Client(base_url=portal.base_url, timeout=30))
        yield Bench(portal, http, cases, left_out)


def test_every_case_comes_through(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    for case in bench.cases:
        for way in WAYS:
            _same_dialect(bench, tally, case, way)
        for caller in documents.ROOTS:
            if caller != case.dialect and case.operation == "chat":
                for way in ("whole", "chopped"):
                    _answer_across(bench, tally, case, caller, way)
                _request_across(bench, tally, case, caller)
    tally.counts["not applicable"] += len(bench.left_out)

    with capsys.disabled():
        reasons = Counter(bench.left_out.values())
        causes = "; ".join(f"{n} × {why}" for why, n in reasons.items())
        order = ("passed", "lossy as documented", "not applicable", "failed")
        line = ", ".join(f"{tally.counts[k]} {k}" for k in order)
        sys.stdout.write(f"\nnot applicable: {causes}\nrecorded traffic: {line}\n")
    assert not tally.failures, "\n".join(tally.failures)


def test_portal_logged_no_failure_of_its_own(bench: Bench) -> None:
    assert "Traceback" not in bench.portal.log()


# --- same dialect ---------------------------------------------------------------------------------


def _same_dialect(bench: Bench, tally: Tally, case: Case, way: str) -> None:
    what = f"{way} {case.id}"
    body = dict(case.request or _small_request(case.dialect, case.operation))
    stream = case.streams or isinstance(case.exchange.get("response_body"), list)
    got = bench.post(
        case.dialect,
        case.operation,
        f"{way}/{case.number}",
        body,
        verb=case.verb,
        stream=stream and case.operation == "chat",
    )
    if body.get("store") or any(body.get(name) for name in STATEFUL):
        documented = got.status_code == 400
        tally.note("lossy as documented" if documented else "failed", what, f"{got.status_code}")
        return
    expected = _status(case, case.dialect)
    if way == "cut" and case.streams and len(case.answer) > 300:
        _check_cut(tally, what, got)
        return
    if got.status_code != expected:
        tally.note("failed", what, f"{got.status_code} instead of {expected}: {got.text[:300]}")
    elif case.status != 200:
        # A 401 of the provider is about the portal's own secret: told in the portal's words.
        told = "message" in got.text.lower() and isinstance(got.json(), dict)
        tally.note("passed" if told else "failed", what, got.text[:300])
    else:
        problem = _difference(case, body, got.content, stream=stream)
        tally.note("failed" if problem else "passed", what, problem)


def _difference(case: Case, request: dict[str, Any], got: bytes, *, stream: bool) -> str:
    if not stream:
        same = json.loads(got) == json.loads(case.answer)
        return "" if same else f"not the recorded answer: {got[:300]!r}"
    mine = reading.events(got)
    theirs = reading.events(case.answer) if case.streams else json.loads(case.answer)
    asked = (request.get("stream_options") or {}).get("include_usage")
    if case.dialect == "openai_chat" and not asked:
        # Usage was asked for on the portal's own account, and is not shown.
        theirs = [e for e in theirs if e.get("choices") or not e.get("usage")]
    return "" if mine == theirs else f"{len(mine)} events, not the recorded {len(theirs)}"


def _check_cut(tally: Tally, what: str, got: httpx.Response) -> None:
    """Cut before the first event: an honest 502. After it: the dialect's own error event."""
    if got.status_code == 200:
        events = reading.events(got.content)
        last = events[-1] if events else {}
        told = "error" in last or last.get("type") in ("error", "response.failed")
    else:
        told = got.status_code == 502 and "error" in got.json()
    tally.note("passed" if told else "failed", what, f"{got.status_code} {got.text[-300:]}")


# --- across dialects ------------------------------------------------------------------------------


def _answer_across(bench: Bench, tally: Tally, case: Case, caller: str, way: str) -> None:
    """A recorded answer, asked for in another dialect."""
    what = f"{way} {case.id} for {caller}"
    stream = case.streams or isinstance(case.exchange.get("response_body"), list)
    got = bench.post(
        caller,
        "chat",
        f"{way}/{case.number}",
        _small_request(caller, "chat"),
        stream=stream,
    )
    expected = _status(case, caller)
    if got.status_code != expected:
        tally.note("failed", what, f"{got.status_code} instead of {expected}: {got.text[:300]}")
        return
    if case.status != 200:
        tally.note("passed" if "error" in got.json() else "failed", what, got.text[:300])
        return
    mine = reading.read(caller, got.content, stream=stream)
    theirs = (
        reading.read(case.dialect, case.answer, stream=True) if case.streams else _recorded(case)
    )
    problem = _disagreement(mine, theirs)
    tally.note("failed" if problem else "passed", what, problem)


def _recorded(case: Case) -> reading.Said:
    reply = json.loads(case.answer)
    if isinstance(reply, list):
        lines = b"".join(b"data: " + json.dumps(e).encode() + b"\n\n" for e in reply)
        return reading.read(case.dialect, lines, stream=True)
    return reading.read(case.dialect, case.answer, stream=False)


def _disagreement(mine: reading.Said, theirs: reading.Said) -> str:
    if mine.text + mine.refusal != theirs.text + theirs.refusal:
        return f"text {mine.text[:200]!r} instead of {theirs.text[:200]!r}"
    if mine.tools != theirs.tools:
        return f"tools {mine.tools!r} instead of {theirs.tools!r}"
    if theirs.usage is not None and mine.usage not in (theirs.usage, None):
        return f"usage {mine.usage} instead of {theirs.usage}"
    return ""


def _request_across(bench: Bench, tally: Tally, case: Case, provider: str) -> None:
    """A recorded request, sent to a provider of another dialect: answered, or refused with 400."""
    if case.request is None or case.status >= 400:
        return
    what = f"request {case.id} to {provider}"
    got = bench.post(
        case.dialect,
        "chat",
        f"{provider}/sim-small",
        case.request,
        verb=case.verb,
        stream=case.streams and case.dialect == "gemini_generate",
    )
    if got.status_code == 200:
        lossy = got.headers.get("x-portal-warnings")
        tally.note("lossy as documented" if lossy else "passed", what)
    elif got.status_code == 400 and got.headers.get("x-portal-attempts") == "0":
        tally.note("lossy as documented", what)
    else:
        tally.note("failed", what, f"{got.status_code} {got.text[:300]}")


def _status(case: Case, caller: str) -> int:
    """The caller's status for a recorded one."""
    recorded = case.status
    unknown_model = recorded == 404 or (recorded == 400 and b"model_not_found" in case.answer)
    if recorded in (401, 402, 403):
        return 502
    if recorded in (503, 529):
        return 529 if caller == "anthropic_messages" else 503
    if unknown_model:
        return 400 if caller == "openai_responses" else 404
    if recorded == 422 and caller != case.dialect:
        return 400
    return recorded


def _small_request(dialect: str, operation: str) -> dict[str, Any]:
    """The least that each dialect accepts."""
    messages = [{"role": "user", "content": "Hello."}]
    if operation == "embeddings":
        return {"content": {"parts": [{"text": "Hello."}]}, "input": ["Hello."]}
    if operation == "images":
        return {"prompt": "A fjord."}
    if dialect == "gemini_generate":
        return {"contents": [{"role": "user", "parts": [{"text": "Hello."}]}]}
    if dialect == "openai_responses":
        return {"input": "Hello."}
    if dialect == "anthropic_messages":
        return {"messages": messages, "max_tokens": 1024}
    return {"messages": messages}
