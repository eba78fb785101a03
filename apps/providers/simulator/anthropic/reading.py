"""Read the body of a Messages call.

Source: https://platform.claude.com/docs/en/api/messages
"""

from typing import Any, Final

import orjson

from apps.providers.simulator import media, reading
from apps.providers.simulator.asks import Ask, Media, PastCall, Tool, ToolResult, Turn
from apps.providers.simulator.exchange import SimError
from apps.providers.simulator.reading import Body
from apps.providers.simulator.signatures import is_ours

BLOCKS: Final = (
    "text",
    "image",
    "document",
    "tool_use",
    "tool_result",
    "thinking",
    "redacted_thinking",
    "search_result",
)
CHOICES: Final = {"auto": "auto", "any": "required", "none": "none"}
MIN_THINKING_TOKENS: Final = 1024


def read_ask(body: Body) -> Ask:
    """Return what a Messages body asks."""
    reading.number(body, "temperature", 0, 1)
    reading.number(body, "top_p", 0, 1)
    choice = reading.mapping(body.get("tool_choice") or {"type": "auto"}, "tool_choice")
    limit = reading.whole(body, "max_tokens")
    return Ask(
        model=str(body.get("model") or ""),
        turns=(*_system(body.get("system")), *read_turns(body["messages"])),
        tools=_tools(body.get("tools")),
        tool_choice=_choice(choice),
        parallel=not choice.get("disable_parallel_tool_use"),
        schema=_schema(body.get("output_config")),
        reasoning=_thinks(body.get("thinking"), limit),
        max_tokens=limit,
        stops=reading.texts(body.get("stop_sequences"), "stop_sequences"),
        cache_write=_has_cache_control(body),
    )


def read_turns(messages: Any) -> tuple[Turn, ...]:
    """Return the turns; every tool_use needs its tool_result right after it."""
    turns: list[Turn] = []
    for at, message in enumerate(reading.items(messages, "messages", least=1)):
        where = f"messages.{at}"
        turn = _turn(reading.mapping(message, where), where)
        waiting = {call.id for call in turns[-1].calls} if turns else set()
        given = {result.call_id for result in turn.results}
        if waiting - given:
            missing = ", ".join(sorted(waiting - given))
            message = f"{where}: `tool_use` ids were found without `tool_result` blocks: {missing}"
            raise SimError(400, f"[simulated] {message}")
        if given - waiting:
            extra = ", ".join(sorted(given - waiting))
            message = f"{where}: unexpected `tool_use_id` found in `tool_result` blocks: {extra}"
            raise SimError(400, f"[simulated] {message}")
        turns.append(turn)
    return tuple(turns)


def _turn(message: Body, where: str) -> Turn:
    role = reading.one_of(message.get("role"), ("user", "assistant", "system"), f"{where}.role")
    content = message.get("content")
    if isinstance(content, str):
        return Turn(role, content)
    blocks = _Blocks(f"{where}.content")
    for block in reading.items(content, f"{where}.content"):
        blocks.read(reading.mapping(block, f"{where}.content"))
    return Turn(
        role,
        "\n".join(blocks.texts),
        (*blocks.media, *blocks.result_media),
        tuple(blocks.calls),
        tuple(blocks.results),
    )


class _Blocks:
    """Collects what the content blocks of one message say."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._at = -1
        self.texts: list[str] = []
        self.media: list[Media] = []
        self.calls: list[PastCall] = []
        self.results: list[ToolResult] = []
        # Kept apart from what the user attached, which may not come before a result.
        self.result_media: list[Media] = []

    def read(self, block: Body) -> None:
        """Take one block in."""
        self._at += 1
        kind = block.get("type")
        if kind not in BLOCKS:
            raise SimError(400, f"[simulated] {self._place}: unexpected block type {kind!r}")
        getattr(self, f"_{kind}")(block)

    @property
    def _place(self) -> str:
        return f"{self._where}.{self._at}"

    def _text(self, block: Body) -> None:
        text = reading.text(block.get("text"), f"{self._place}.text")
        if not text:
            raise SimError(400, f"[simulated] {self._place}: text content blocks must be non-empty")
        self.texts.append(text)

    def _image(self, block: Body) -> None:
        self.media.append(_source(block, "image/*", self._place))

    def _document(self, block: Body) -> None:
        self.media.append(_source(block, "application/pdf", self._place))

    def _tool_use(self, block: Body) -> None:
        arguments = reading.mapping(block.get("input"), f"{self._place}.input")
        name = reading.text(block.get("name"), f"{self._place}.name")
        call_id = reading.text(block.get("id"), f"{self._place}.id")
        self.calls.append(PastCall(call_id, name, orjson.dumps(arguments).decode()))

    def _tool_result(self, block: Body) -> None:
        if self.texts or self.media:
            message = f"{self._place}: `tool_result` blocks must come first in the message"
            raise SimError(400, f"[simulated] {message}")
        call_id = reading.text(block.get("tool_use_id"), f"{self._place}.tool_use_id")
        inner = _Blocks(f"{self._place}.content")
        content = block.get("content") or []
        if isinstance(content, str):
            inner.texts.append(content)
        else:
            for item in reading.items(content, f"{self._place}.content"):
                inner.read(reading.mapping(item, f"{self._place}.content"))
        failed = bool(block.get("is_error"))
        self.results.append(ToolResult(call_id, "\n".join(inner.texts), is_error=failed))
        self.result_media += inner.media

    def _thinking(self, block: Body) -> None:
        reading.text(block.get("thinking"), f"{self._place}.thinking")
        if not is_ours("anthropic", block.get("signature")):
            message = f"{self._place}: Invalid `signature` in `thinking` block"
            raise SimError(400, f"[simulated] {message}")

    def _redacted_thinking(self, block: Body) -> None:
        if not is_ours("anthropic", block.get("data")):
            message = f"{self._place}: Invalid `data` in `redacted_thinking` block"
            raise SimError(400, f"[simulated] {message}")

    def _search_result(self, block: Body) -> None:
        for item in reading.items(block.get("content"), f"{self._place}.content"):
            self.texts.append(str(reading.mapping(item, self._place).get("text", "")))


def _source(block: Body, fallback: str, where: str) -> Media:
    source = reading.mapping(block.get("source"), f"{where}.source")
    kind = source.get("type")
    media_type = str(source.get("media_type") or fallback)
    if kind == "base64":
        return media.from_base64(source.get("data"), media_type, where=f"{where}.source.data")
    if kind == "url":
        return media.from_url(source.get("url"), fallback, where=f"{where}.source.url")
    if kind == "text":
        text = reading.text(source.get("data"), f"{where}.source.data")
        return Media("text/plain", len(text.encode("utf-8", "replace")))
    if kind == "file":
        return Media(fallback, None, "file id")
    if kind == "content":
        return Media("text/plain", None, "content blocks")
    raise SimError(400, f"[simulated] {where}.source.type: unexpected value {kind!r}")


def _system(value: Any) -> tuple[Turn, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (Turn("system", value),)
    blocks = [reading.mapping(block, "system") for block in reading.items(value, "system")]
    return (Turn("system", "\n".join(reading.text(b.get("text"), "system") for b in blocks)),)


def _tools(value: Any) -> tuple[Tool, ...]:
    tools = []
    for at, tool in enumerate(reading.items(value or [], "tools")):
        tool = reading.mapping(tool, f"tools.{at}")
        if tool.get("type") in (None, "custom"):
            schema = reading.mapping(tool.get("input_schema"), f"tools.{at}.input_schema")
            if schema.get("type") != "object":
                message = f"tools.{at}.custom.input_schema.type: Input should be 'object'"
                raise SimError(400, f"[simulated] {message}")
            name = reading.text(tool.get("name"), f"tools.{at}.name")
            tools.append(Tool(name, schema, str(tool.get("description") or "")))
    return tuple(tools)


def _choice(choice: Body) -> str:
    if choice.get("type") == "tool":
        return "=" + reading.text(choice.get("name"), "tool_choice.name")
    return CHOICES[reading.one_of(choice.get("type"), CHOICES, "tool_choice.type")]


def _schema(output_config: Any) -> Body | None:
    if output_config is None:
        return None
    wanted = reading.mapping(output_config, "output_config").get("format")
    if wanted is None:
        return None
    wanted = reading.mapping(wanted, "output_config.format")
    if wanted.get("type") != "json_schema":
        raise SimError(400, "[simulated] output_config.format.type: Input should be 'json_schema'")
    return reading.mapping(wanted.get("schema"), "output_config.format.schema")


def _thinks(value: Any, limit: int | None) -> bool:
    if value is None:
        return False
    thinking = reading.mapping(value, "thinking")
    if thinking.get("type") == "enabled":
        budget = reading.whole(thinking, "budget_tokens", MIN_THINKING_TOKENS)
        if budget is None:
            raise SimError(400, "[simulated] thinking.enabled.budget_tokens: Field required")
        if limit is not None and budget >= limit:
            message = "`max_tokens` must be greater than `thinking.budget_tokens`"
            raise SimError(400, f"[simulated] {message}")
        return True
    if thinking.get("type") not in ("adaptive", "disabled", "between_tools"):
        raise SimError(400, f"[simulated] thinking.type: unexpected value {thinking.get('type')!r}")
    return thinking.get("type") != "disabled"


def _has_cache_control(value: Any) -> bool:
    if isinstance(value, dict):
        if value.get("cache_control"):
            return True
        return any(_has_cache_control(inner) for inner in value.values())
    return isinstance(value, list) and any(_has_cache_control(inner) for inner in value)
