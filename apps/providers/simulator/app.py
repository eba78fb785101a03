"""The server: one socket, all dialects, and a log that tests can read."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import orjson
from aiohttp import web

from apps.providers.simulator import anthropic, azure, gemini, openai
from apps.providers.simulator.exchange import Incoming, Route, SimError, Stream, Upload, Whole
from apps.providers.simulator.faults import Fault, nonsense_of, problem_of, read_fault
from apps.providers.simulator.log import Entry, Log
from apps.providers.simulator.openai.pictures import draw
from apps.providers.simulator.sending import Sender

MAX_REQUEST_BYTES: Final = 64 * 1024 * 1024
LABEL: Final = {"x-simulated": "true"}
ROUTES: Final[tuple[Route, ...]] = (
    *openai.ROUTES,
    *anthropic.ROUTES,
    *gemini.ROUTES,
    *azure.ROUTES,
)
LOG: Final = web.AppKey("log", Log)
PACE_MS: Final = web.AppKey("pace_ms", int)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(pace_ms: int = 10) -> web.Application:
    """Return the simulated provider; `pace_ms` is the pause between two events of a stream.

    Run it with `handler_cancellation=True`, so that a client who leaves is noticed at once.
    """
    app = web.Application(client_max_size=MAX_REQUEST_BYTES)
    app[LOG] = Log()
    app[PACE_MS] = pace_ms
    for (method, path), routes in _by_path().items():
        app.router.add_route(method, path, _handler(routes))
    app.router.add_get("/__log", _show_log)
    app.router.add_post("/__reset", _reset)
    app.router.add_get("/__health", _health)
    app.router.add_get("/__image/{size}/{key}.png", _show_image)
    app.router.add_route("*", "/{path:.*}", _unknown_path)
    return app


def _by_path() -> dict[tuple[str, str], list[Route]]:
    """Return the candidates of each method and path, those that want a header first."""
    found: dict[tuple[str, str], list[Route]] = defaultdict(list)
    for route in sorted(ROUTES, key=lambda route: not route.header):
        for path in route.paths:
            found[route.method, path].append(route)
    return found


def _handler(routes: list[Route]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        route = next(one for one in routes if not one.header or one.header in request.headers)
        entry = _begin(request)
        entry.dialect = route.dialect.name
        try:
            response = await _answer(route, request, entry)
        except (ConnectionError, asyncio.CancelledError):
            entry.left_early = True
            raise
        finally:
            entry.finish()
        return response

    return handle


def _begin(request: web.Request) -> Entry:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return request.app[LOG].begin(request.method, request.path, dict(request.query), headers)


async def _answer(route: Route, request: web.Request, entry: Entry) -> web.StreamResponse:
    """Read, check, misbehave if asked to, answer.

    The body is read before the credential is checked, so that a refusal never leaves unread
    bytes on a connection that is kept alive.
    """
    incoming = _incoming(request, entry)
    sender = Sender(request, entry, Fault(), request.app[PACE_MS])
    headers = {**LABEL, **route.dialect.headers(incoming)}
    try:
        changed = await _body(request, entry)
        route.dialect.authenticate(incoming)
        if isinstance(changed, SimError):
            raise changed
        incoming = replace(incoming, **changed)
        entry.model = route.model(incoming)
        fault = read_fault(entry.model, incoming.headers.get("x-sim-fault", ""))
        sender = Sender(request, entry, fault, request.app[PACE_MS])
        reply = await _reply(route, incoming, fault, sender)
    except SimError as problem:
        reply = route.dialect.error(incoming, problem)
    if isinstance(reply, Whole):
        return await sender.whole(reply, headers)
    return await sender.stream(reply, headers, route.dialect, incoming)


async def _reply(route: Route, incoming: Incoming, fault: Fault, sender: Sender) -> Whole | Stream:
    if fault.delay_ms:
        await asyncio.sleep(fault.delay_ms / 1000)
    if fault.hang_after == 0:
        await sender.hang()
    if problem := problem_of(fault, route.model(incoming)):
        raise problem
    reply = nonsense_of(fault) or route.handler(incoming)
    if fault.midstream_after is not None and isinstance(reply, Whole):
        raise SimError(500, "[simulated] The answer broke because it was asked to.")
    return reply


def _incoming(request: web.Request, entry: Entry) -> Incoming:
    return Incoming(
        number=entry.number,
        origin=f"{request.scheme}://{request.host}",
        path=request.path,
        parts=dict(request.match_info),
        query=dict(request.query),
        headers={name.lower(): value for name, value in request.headers.items()},
    )


async def _body(request: web.Request, entry: Entry) -> dict[str, Any] | SimError:
    """Return the fields of the request that its body fills, or what is wrong with it."""
    if request.method != "POST":
        return {}
    try:
        if request.content_type == "multipart/form-data":
            return {"form": await _read_form(request, entry)}
        raw = await request.read()
        entry.body_bytes = len(raw)
        body = _read_json(raw)
    except ValueError as error:
        return SimError(400, f"[simulated] The form cannot be read: {error}.")
    except web.HTTPRequestEntityTooLarge:
        return SimError(413, "[simulated] The request is larger than 64 MiB.")
    except SimError as problem:
        return problem
    request.app[LOG].note_body(entry, body, len(raw))
    return {"body": body}


def _read_json(raw: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise SimError(400, f"[simulated] The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise SimError(400, "[simulated] The body is not a JSON object.")
    return body


async def _read_form(request: web.Request, entry: Entry) -> dict[str, str | Upload]:
    form: dict[str, str | Upload] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            data = value.file.read()
            entry.body_bytes += len(data)
            form[name] = Upload(value.filename, value.content_type, data)
        elif isinstance(value, str):
            form[name] = value
    return form


async def _show_log(request: web.Request) -> web.Response:
    return _json(request.app[LOG].as_json())


async def _reset(request: web.Request) -> web.Response:
    request.app[LOG].clear()
    return _json({"simulated": True, "requests": 0})


async def _health(request: web.Request) -> web.Response:
    return _json({"simulated": True, "status": "ok", "requests": len(request.app[LOG].entries)})


async def _show_image(request: web.Request) -> web.Response:
    """Show a picture that an answer named by its URL."""
    try:
        picture = draw(request.match_info["size"], request.match_info["key"])
    except SimError as problem:
        return _json({"error": {"message": problem.message}}, problem.status)
    return web.Response(body=picture, content_type="image/png", headers=LABEL)


async def _unknown_path(request: web.Request) -> web.Response:
    entry = _begin(request)
    entry.status = 404
    entry.finish()
    message = f"[simulated] Nothing answers {request.method} {request.path} here."
    return _json({"error": {"message": message, "type": "invalid_request_error"}}, 404)


def _json(payload: Any, status: int = 200) -> web.Response:
    body = orjson.dumps(payload)
    return web.Response(body=body, status=status, content_type="application/json", headers=LABEL)
