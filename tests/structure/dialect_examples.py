"""One request for each thing that a dialect may carry, in the spelling of each that can say it."""

from collections.abc import Callable
from typing import Any

import msgspec

from apps.core.errors import PortalError
from apps.providers import wire
from apps.providers.dialects import DIALECTS

Body = dict[str, Any]

PIXEL = "iVBORw0KGgo="
BYTES = "JVBERi0xLjQK"
SCHEMA: Body = {"type": "object", "properties": {}, "additionalProperties": False}
ASK: Body = {"role": "user", "content": "hi"}
# Models of no special family, so that the tables hold for every name that says nothing.
MODELS = {
    "openai_chat": "gpt-5-mini",
    "openai_responses": "gpt-5-mini",
    "anthropic_messages": "claude-haiku-4-5",
    "gemini_generate": "gemini-2.5-flash",
    "azure_inference": "phi-4",
}


def chat(*parts: Body, **fields: Any) -> Body:
    content: Any = list(parts) or "hi"
    return {"model": "m", "messages": [{"role": "user", "content": content}], **fields}


def talk(*messages: Body, **fields: Any) -> Body:
    return {"model": "m", "messages": [ASK, *messages], **fields}


def response(*parts: Body, **fields: Any) -> Body:
    asked: Any = [{"role": "user", "content": list(parts)}] if parts else "hi"
    return {"model": "m", "input": asked, **fields}


def message(*parts: Body, **fields: Any) -> Body:
    return chat(*parts, max_tokens=5000, **fields)


def contents(*parts: Body, config: Body | None = None, **fields: Any) -> Body:
    turn = {"role": "user", "parts": list(parts) or [{"text": "hi"}]}
    return {"contents": [turn], **({"generationConfig": config} if config else {}), **fields}


def function(**more: Any) -> Body:
    return {"type": "function", "function": {"name": "f", "parameters": SCHEMA, **more}}


CHAT_TOOLS = [function()]
RESPONSE_TOOLS = [{"type": "function", "name": "f", "parameters": SCHEMA, "strict": False}]
ANTHROPIC_TOOLS = [{"name": "f", "input_schema": SCHEMA}]
GEMINI_TOOLS = [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": SCHEMA}]}]
CALLED = {
    "role": "assistant",
    "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}],
}


def result(content: Any, **more: Any) -> Body:
    block = {"type": "tool_result", "tool_use_id": "t", "content": content, **more}
    turns = [ASK, CALLED, {"role": "user", "content": [block]}]
    return {"model": "m", "max_tokens": 5000, "messages": turns, "tools": ANTHROPIC_TOOLS}


def image(url: str, **more: Any) -> Body:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def source(kind: str, **of: Any) -> Body:
    return {"type": kind, "source": of}


DATA = f"data:image/png;base64,{PIXEL}"
PDF = f"data:application/pdf;base64,{BYTES}"
URL = "https://files.example/a"
FORMAT = {"name": "s", "schema": SCHEMA, "strict": True}
MIDDLE = talk({"role": "system", "content": "be kind"}, ASK)
NAMED = {"model": "m", "messages": [{**ASK, "name": "bob"}]}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "AAAA"}

CARRIED: dict[str, dict[str, Body]] = {
    "system message in the middle": {"openai_chat": MIDDLE, "azure_inference": MIDDLE},
    "name of a participant": {"openai_chat": NAMED},
    "temperature above 1": {
        "openai_chat": chat(temperature=1.5),
        "openai_responses": response(temperature=1.5),
        "gemini_generate": contents(config={"temperature": 1.5}),
    },
    "top_k": {
        "anthropic_messages": message(top_k=5),
        "gemini_generate": contents(config={"topK": 5}),
        "azure_inference": chat(top_k=5),
    },
    "penalties": {
        "openai_chat": chat(frequency_penalty=0.5),
        "gemini_generate": contents(config={"presencePenalty": 0.5}),
        "azure_inference": chat(presence_penalty=0.5),
    },
    "seed": {
        "openai_chat": chat(seed=1),
        "gemini_generate": contents(config={"seed": 1}),
        "azure_inference": chat(seed=1),
    },
    "logit_bias": {
        "openai_chat": chat(logit_bias={"1": 2}),
        "azure_inference": chat(logit_bias={"1": 2}),
    },
    "stop sequences": {
        "openai_chat": chat(stop=["a"]),
        "anthropic_messages": message(stop_sequences=["a"]),
        "gemini_generate": contents(config={"stopSequences": ["a"]}),
        "azure_inference": chat(stop=["a"]),
    },
    "6 stop sequences": {
        "openai_chat": chat(stop=list("abcdef")),
        "anthropic_messages": message(stop_sequences=list("abcdef")),
        "azure_inference": chat(stop=list("abcdef")),
    },
    "several answers (n)": {
        "openai_chat": chat(n=2),
        "gemini_generate": contents(config={"candidateCount": 2}),
        "azure_inference": chat(n=2),
    },
    "logprobs": {
        "openai_chat": chat(logprobs=True, top_logprobs=2),
        "openai_responses": response(top_logprobs=2),
        "gemini_generate": contents(config={"responseLogprobs": True, "logprobs": 2}),
    },
    "user tag": {
        "openai_chat": chat(user="u"),
        "openai_responses": response(safety_identifier="u"),
        "anthropic_messages": message(metadata={"user_id": "u"}),
    },
    "service tier": {
        "openai_chat": chat(service_tier="flex"),
        "openai_responses": response(service_tier="flex"),
    },
    "prompt_cache_key, verbosity": {
        "openai_chat": chat(prompt_cache_key="x", verbosity="low"),
        "openai_responses": response(prompt_cache_key="x", text={"verbosity": "low"}),
    },
    "cache mark on content": {
        "anthropic_messages": message(
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
        )
    },
    "fields that nobody knows": {
        "openai_chat": chat(foo=1),
        "openai_responses": response(foo=1),
        "anthropic_messages": message(foo=1),
        "gemini_generate": contents(foo=1),
        "azure_inference": chat(foo=1),
    },
    "any JSON object": {
        "openai_chat": chat(response_format={"type": "json_object"}),
        "openai_responses": response(text={"format": {"type": "json_object"}}),
        "gemini_generate": contents(config={"responseMimeType": "application/json"}),
        "azure_inference": chat(response_format={"type": "json_object"}),
    },
    "JSON by a schema": {
        "openai_chat": chat(response_format={"type": "json_schema", "json_schema": FORMAT}),
        "openai_responses": response(text={"format": {"type": "json_schema", **FORMAT}}),
        "anthropic_messages": message(
            output_config={"format": {"type": "json_schema", "schema": SCHEMA}}
        ),
        "gemini_generate": contents(
            config={"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}
        ),
        "azure_inference": chat(response_format={"type": "json_schema", "json_schema": FORMAT}),
    },
    "functions, one of them forced": {
        "openai_chat": chat(
            tools=CHAT_TOOLS, tool_choice={"type": "function", "function": {"name": "f"}}
        ),
        "openai_responses": response(
            tools=RESPONSE_TOOLS, tool_choice={"type": "function", "name": "f"}
        ),
        "anthropic_messages": message(
            tools=ANTHROPIC_TOOLS, tool_choice={"type": "tool", "name": "f"}
        ),
        "azure_inference": chat(
            tools=CHAT_TOOLS, tool_choice={"type": "function", "function": {"name": "f"}}
        ),
    },
    "strict functions": {
        "openai_chat": chat(tools=[function(strict=True)]),
        "openai_responses": response(tools=[{**RESPONSE_TOOLS[0], "strict": True}]),
        "anthropic_messages": message(tools=[{**ANTHROPIC_TOOLS[0], "strict": True}]),
    },
    "one call at a time": {
        "openai_chat": chat(tools=CHAT_TOOLS, parallel_tool_calls=False),
        "openai_responses": response(tools=RESPONSE_TOOLS, parallel_tool_calls=False),
        "anthropic_messages": message(
            tools=ANTHROPIC_TOOLS,
            tool_choice={"type": "auto", "disable_parallel_tool_use": True},
        ),
    },
    "failed tool result": {"anthropic_messages": result("no", is_error=True)},
    "image in a tool result": {
        "anthropic_messages": result(
            [source("image", type="base64", media_type="image/png", data=PIXEL)]
        )
    },
    "image, bytes": {
        "openai_chat": chat(image(DATA)),
        "openai_responses": response({"type": "input_image", "image_url": DATA}),
        "anthropic_messages": message(
            source("image", type="base64", media_type="image/png", data=PIXEL)
        ),
        "gemini_generate": contents({"inlineData": {"mimeType": "image/png", "data": PIXEL}}),
        "azure_inference": chat(image(DATA)),
    },
    "image, URL": {
        "openai_chat": chat(image(URL)),
        "openai_responses": response({"type": "input_image", "image_url": URL}),
        "anthropic_messages": message(source("image", type="url", url=URL)),
        "gemini_generate": contents({"fileData": {"mimeType": "image/png", "fileUri": URL}}),
        "azure_inference": chat(image(URL)),
    },
    "image detail": {
        "openai_chat": chat(image(DATA, detail="low")),
        "openai_responses": response({"type": "input_image", "image_url": DATA, "detail": "low"}),
        "azure_inference": chat(image(DATA, detail="low")),
    },
    "PDF, bytes": {
        "openai_chat": chat({"type": "file", "file": {"file_data": PDF}}),
        "openai_responses": response({"type": "input_file", "file_data": PDF}),
        "anthropic_messages": message(
            source("document", type="base64", media_type="application/pdf", data=BYTES)
        ),
        "gemini_generate": contents({"inlineData": {"mimeType": "application/pdf", "data": BYTES}}),
    },
    "PDF, URL": {
        "openai_responses": response({"type": "input_file", "file_url": URL}),
        "anthropic_messages": message(source("document", type="url", url=URL)),
        "gemini_generate": contents({"fileData": {"mimeType": "application/pdf", "fileUri": URL}}),
    },
    "text document": {
        "anthropic_messages": message(
            source("document", type="text", media_type="text/plain", data="abc")
        )
    },
    "audio, bytes": {
        "openai_chat": chat(
            {"type": "input_audio", "input_audio": {"data": BYTES, "format": "wav"}}
        ),
        "openai_responses": response(
            {"type": "input_audio", "input_audio": {"data": BYTES, "format": "wav"}}
        ),
        "gemini_generate": contents({"inlineData": {"mimeType": "audio/wav", "data": BYTES}}),
        "azure_inference": chat(
            {"type": "input_audio", "input_audio": {"data": BYTES, "format": "wav"}}
        ),
    },
    "audio, URL": {"azure_inference": chat({"type": "audio_url", "audio_url": {"url": URL}})},
    "file id of OpenAI": {
        "openai_chat": chat({"type": "file", "file": {"file_id": "file-1"}}),
        "openai_responses": response({"type": "input_file", "file_id": "file-1"}),
    },
    "file id of Anthropic": {
        "anthropic_messages": message(source("document", type="file", file_id="file_011C")),
    },
    "reasoning effort": {
        "openai_chat": chat(reasoning_effort="low"),
        "openai_responses": response(reasoning={"effort": "low"}),
        "anthropic_messages": message(output_config={"effort": "low"}),
        "gemini_generate": contents(config={"thinkingConfig": {"thinkingLevel": "low"}}),
        "azure_inference": chat(reasoning_effort="low"),
    },
    "reasoning budget": {
        "anthropic_messages": message(thinking={"type": "enabled", "budget_tokens": 2000}),
        "gemini_generate": contents(config={"thinkingConfig": {"thinkingBudget": 2000}}),
    },
    "thoughts of another provider": {
        "anthropic_messages": {
            **message(),
            "messages": [
                ASK,
                {"role": "assistant", "content": [THOUGHT, {"type": "text", "text": "x"}]},
                ASK,
            ],
        }
    },
}

# What only the provider behind a dialect could do; refused when another dialect is to answer.
ALONE: dict[str, dict[str, Body]] = {
    "openai_chat": {
        "modalities": chat(modalities=["text", "audio"]),
        "audio": chat(audio={"voice": "alloy", "format": "wav"}),
        "web_search_options": chat(web_search_options={"search_context_size": "low"}),
        "moderation": chat(moderation={"model": "x"}),
        "store": chat(store=True),
        "plugins": chat(plugins=[{"id": "web"}]),
        "tools": chat(tools=[{"type": "custom", "custom": {"name": "c"}}]),
    },
    "openai_responses": {
        "store": response(store=True),
        "background": response(background=True),
        "previous_response_id": response(previous_response_id="resp_1"),
        "conversation": response(conversation="conv_1"),
        "prompt": response(prompt={"id": "pmpt_1"}),
        "item_reference": {"model": "m", "input": [{"type": "item_reference", "id": "msg_1"}]},
        "tools": response(tools=[{"type": "web_search"}]),
    },
    "anthropic_messages": {
        "tools": message(tools=[{"type": "web_search_20250305", "name": "web_search"}]),
        "mcp_servers": message(mcp_servers=[{"type": "url", "url": URL, "name": "x"}]),
        "container": message(container="c"),
        "context_management": message(context_management={"edits": [{"type": "x"}]}),
        "citations": message(
            {
                **source("document", type="text", media_type="text/plain", data="abc"),
                "citations": {"enabled": True},
            }
        ),
        "search_result": message(
            {"type": "search_result", "source": "x", "title": "t", "content": []}
        ),
    },
    "gemini_generate": {
        "tools": contents(tools=[{"googleSearch": {}}]),
        "cachedContent": contents(cachedContent="cachedContents/1"),
        "responseModalities": contents(config={"responseModalities": ["IMAGE"]}),
        "responseMimeType": contents(config={"responseMimeType": "text/x.enum"}),
        "fileData": contents(
            {
                "fileData": {
                    "mimeType": "image/png",
                    "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc",
                }
            }
        ),
        "video": contents({"inlineData": {"mimeType": "video/mp4", "data": BYTES}}),
    },
    "azure_inference": {
        "modalities": chat(modalities=["text", "audio"]),
    },
}


def incoming(body: Body, *, operation: str = "chat", **headers: str) -> wire.Incoming:
    raw = msgspec.json.encode(body)
    return wire.Incoming(
        operation=operation,
        model="m",
        body=raw,
        fields=msgspec.json.decode(raw, type=dict[str, msgspec.Raw]),
        headers=headers,
    )


def attempt(speak: Callable[[], tuple[str, ...]]) -> str:
    """What becomes of a request, in one word."""
    try:
        warnings = speak()
    except PortalError as error:
        return "refused" if error.kind == "invalid" else error.kind
    for word in ("dropped", "clamped"):
        if any(word in warning for warning in warnings):
            return word
    return "changed" if warnings else "carried"


def say(body: Body, *, source_name: str, target_name: str) -> str:
    """What becomes of a request on its way from one dialect to another, in one word."""
    source_half, target_half = DIALECTS[source_name].inbound, DIALECTS[target_name].outbound

    def speak() -> tuple[str, ...]:
        call = source_half.decode_request(incoming(body, **{"extra-parameters": "pass-through"}))
        model = wire.TargetModel(name=MODELS[target_name], max_output_tokens=8192)
        request = target_half.build_request(call, model, target_half.Options())
        return (*call.warnings, *request.warnings)

    return attempt(speak)
