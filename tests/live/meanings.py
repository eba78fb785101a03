"""What callers can set, and where each dialect has it: one row a meaning."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.live import documents

DIALECTS = tuple(documents.ROOTS)
CHAT, RESPONSES, ANTHROPIC, GEMINI, AZURE = DIALECTS
OPENAI = (CHAT, AZURE)
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
FORMAT = {"name": "thing", "schema": SCHEMA, "strict": True}
FUNCTIONS = [{"name": name, "description": "d", "parameters": SCHEMA} for name in ("f", "g")]
BASES: Mapping[str, dict[str, Any]] = {
    CHAT: {"messages": [{"role": "user", "content": "Hi."}]},
    RESPONSES: {"input": [{"role": "user", "content": "Hi."}]},
    ANTHROPIC: {"messages": [{"role": "user", "content": "Hi."}], "max_tokens": 999},
    GEMINI: {"contents": [{"role": "user", "parts": [{"text": "Hi."}]}]},
    AZURE: {"messages": [{"role": "user", "content": "Hi."}]},
}
IN_CHAT = {"tools": [{"type": "function", "function": one} for one in FUNCTIONS]}
TOOLS: Mapping[str, dict[str, Any]] = {
    CHAT: IN_CHAT,
    RESPONSES: {"tools": [{"type": "function", **one, "strict": False} for one in FUNCTIONS]},
    ANTHROPIC: {"tools": [{"name": one["name"], "input_schema": SCHEMA} for one in FUNCTIONS]},
    GEMINI: {
        "tools": [
            {
                "functionDeclarations": [
                    {"name": one["name"], "parametersJsonSchema": SCHEMA} for one in FUNCTIONS
                ]
            }
        ]
    },
    AZURE: IN_CHAT,
}

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One meaning: how callers spell it, where providers have it, which words name its loss."""

    name: str
    asked: Mapping[str, Fields]
    carried: Mapping[str, Fields] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    tools: bool = False


def both(fields: Fields) -> dict[str, Fields]:
    """The same spelling in both dialects of the chat family."""
    return dict.fromkeys(OPENAI, fields)


def everywhere(
    chat: Fields | None = None,
    responses: Fields | None = None,
    anthropic: Fields | None = None,
    gemini: Fields | None = None,
    azure: Fields | None = None,
) -> dict[str, Fields]:
    """Spellings by dialect; None where there is none."""
    given = (chat, responses, anthropic, gemini, azure)
    return {name: one for name, one in zip(DIALECTS, given, strict=True) if one is not None}


def config(**fields: Any) -> Fields:
    """Fields of Gemini's generationConfig."""
    return {"generationConfig": fields}


def same(name: str, spelling: dict[str, Fields], *words: str, tools: bool = False) -> Row:
    """A meaning that providers spell as callers do."""
    return Row(name, spelling, spelling, words, tools)


ROWS = (
    Row(
        "max tokens",
        everywhere(
            {"max_completion_tokens": 77},
            {"max_output_tokens": 77},
            {"max_tokens": 77},
            config(maxOutputTokens=77),
            {"max_tokens": 77},
        ),
        everywhere(
            {"max_completion_tokens": 77},
            {"max_output_tokens": 77},
            {"max_tokens": 77},
            config(maxOutputTokens=77),
            {"max_tokens": 77},
        ),
    ),
    Row(
        "max tokens, old",
        {CHAT: {"max_tokens": 77}},
        everywhere(
            None,
            {"max_output_tokens": 77},
            {"max_tokens": 77},
            config(maxOutputTokens=77),
            {"max_tokens": 77},
        ),
    ),
    same(
        "temperature",
        {**{name: {"temperature": 0.3} for name in DIALECTS}, GEMINI: config(temperature=0.3)},
    ),
    Row(
        "high temperature",
        everywhere({"temperature": 1.7}, {"temperature": 1.7}, None, config(temperature=1.7)),
        everywhere({"temperature": 1.7}, {"temperature": 1.7}, None, config(temperature=1.7)),
        ("temperature",),
    ),
    same(
        "top_p", {**{name: {"top_p": 0.4} for name in DIALECTS}, GEMINI: config(topP=0.4)}, "top_p"
    ),
    Row(
        "top_k",
        everywhere(None, None, {"top_k": 7}, config(topK=7)),
        everywhere(None, None, {"top_k": 7}, config(topK=7), {"top_k": 7}),
        ("top_k",),
    ),
    same(
        "frequency penalty",
        {**both({"frequency_penalty": 0.5}), GEMINI: config(frequencyPenalty=0.5)},
        "frequency_penalty",
    ),
    same(
        "presence penalty",
        {**both({"presence_penalty": 0.5}), GEMINI: config(presencePenalty=0.5)},
        "presence_penalty",
    ),
    same("seed", {**both({"seed": 7}), GEMINI: config(seed=7)}, "seed"),
    same("logit bias", {CHAT: {"logit_bias": {"50256": -100}}}, "logit_bias"),
    same(
        "stop",
        everywhere(
            {"stop": ["x"]},
            None,
            {"stop_sequences": ["x"]},
            config(stopSequences=["x"]),
            {"stop": ["x"]},
        ),
        "stop",
    ),
    Row(
        "stop, one text",
        {CHAT: {"stop": "x"}},
        everywhere(
            {"stop": "x"},
            None,
            {"stop_sequences": ["x"]},
            config(stopSequences=["x"]),
            {"stop": ["x"]},
        ),
        ("stop",),
    ),
    Row(
        "n",
        {CHAT: {"n": 2}, GEMINI: config(candidateCount=2)},
        {**both({"n": 2}), GEMINI: config(candidateCount=2)},
        ("n",),
    ),
    Row(
        "logprobs",
        {
            CHAT: {"logprobs": True, "top_logprobs": 2},
            RESPONSES: {"top_logprobs": 2, "include": ["message.output_text.logprobs"]},
            GEMINI: config(responseLogprobs=True, logprobs=2),
        },
        {
            **both({"logprobs": True, "top_logprobs": 2}),
            RESPONSES: {"top_logprobs": 2, "include": ["message.output_text.logprobs"]},
            GEMINI: config(responseLogprobs=True, logprobs=2),
        },
        ("logprobs",),
    ),
    Row(
        "JSON object",
        everywhere(
            {"response_format": {"type": "json_object"}},
            {"text": {"format": {"type": "json_object"}}},
            None,
            config(responseMimeType="application/json"),
            {"response_format": {"type": "json_object"}},
        ),
        everywhere(
            {"response_format": {"type": "json_object"}},
            {"text": {"format": {"type": "json_object"}}},
            None,
            config(responseMimeType="application/json"),
            {"response_format": {"type": "json_object"}},
        ),
        ("response_format",),
    ),
    Row(
        "JSON schema",
        everywhere(
            {"response_format": {"type": "json_schema", "json_schema": FORMAT}},
            {"text": {"format": {"type": "json_schema", **FORMAT}}},
            {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
            config(responseMimeType="application/json", responseJsonSchema=SCHEMA),
            {"response_format": {"type": "json_schema", "json_schema": FORMAT}},
        ),
        everywhere(
            {"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}},
            {"text": {"format": {"type": "json_schema", "schema": SCHEMA}}},
            {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
            config(responseMimeType="application/json", responseJsonSchema=SCHEMA),
            {"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}},
        ),
    ),
    Row(
        "effort",
        {
            CHAT: {"reasoning_effort": "high"},
            RESPONSES: {"reasoning": {"effort": "high"}},
            ANTHROPIC: {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
        },
        {
            CHAT: {"reasoning_effort": "high"},
            RESPONSES: {"reasoning": {"effort": "high"}},
            GEMINI: config(thinkingConfig={}),
            ANTHROPIC: {"output_config": {"effort": "high"}},
            AZURE: {"reasoning_effort": "high"},
        },
        ("reasoning", "effort", "thinking"),
    ),
    Row(
        "thinking budget",
        {
            ANTHROPIC: {
                "thinking": {"type": "enabled", "budget_tokens": 2000},
                "max_tokens": 4000,
            },
            GEMINI: config(thinkingConfig={"thinkingBudget": 2000}, maxOutputTokens=4000),
        },
        {ANTHROPIC: {"thinking": {"budget_tokens": 2000}}, GEMINI: config(thinkingConfig={})},
        ("reasoning", "budget", "thinking"),
    ),
    Row(
        "verbosity",
        {CHAT: {"verbosity": "low"}},
        {CHAT: {"verbosity": "low"}, RESPONSES: {"text": {"verbosity": "low"}}},
        ("verbosity",),
    ),
    Row(
        "verbosity, nested",
        {RESPONSES: {"text": {"verbosity": "low"}}},
        {CHAT: {"verbosity": "low"}, RESPONSES: {"text": {"verbosity": "low"}}},
        ("verbosity",),
    ),
    Row(
        "user",
        {
            CHAT: {"user": "u1"},
            RESPONSES: {"user": "u1"},
            ANTHROPIC: {"metadata": {"user_id": "u1"}},
        },
        {
            CHAT: {"user": "u1"},
            RESPONSES: {"user": "u1"},
            ANTHROPIC: {"metadata": {"user_id": "u1"}},
        },
        ("user",),
    ),
    Row(
        "safety identifier",
        {CHAT: {"safety_identifier": "s1"}, RESPONSES: {"safety_identifier": "s1"}},
        {
            CHAT: {"user": "s1"},
            RESPONSES: {"user": "s1"},
            ANTHROPIC: {"metadata": {"user_id": "s1"}},
        },
        ("safety_identifier", "user"),
    ),
    Row(
        "metadata",
        {CHAT: {"metadata": {"k": "v"}}, RESPONSES: {"metadata": {"k": "v"}}},
        {},
        ("metadata",),
    ),
    Row(
        "cache key",
        {CHAT: {"prompt_cache_key": "c"}, RESPONSES: {"prompt_cache_key": "c"}},
        {},
        ("prompt_cache_key",),
    ),
    Row(
        "service tier",
        {CHAT: {"service_tier": "flex"}, RESPONSES: {"service_tier": "flex"}},
        {},
        ("service_tier",),
    ),
    Row("own tier", {ANTHROPIC: {"service_tier": "standard_only"}}, {}, ("service_tier",)),
    Row(
        "prediction",
        {CHAT: {"prediction": {"type": "content", "content": "p"}}},
        {CHAT: {"prediction": {"type": "content", "content": "p"}}},
        ("prediction",),
    ),
    Row("truncation", {RESPONSES: {"truncation": "auto"}}, {}, ("truncation",)),
    Row("tool call limit", {RESPONSES: {"max_tool_calls": 3}}, {}, ("max_tool_calls",)),
    Row(
        "safety settings",
        {
            GEMINI: {
                "safetySettings": [
                    {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}
                ]
            }
        },
        {},
        ("safetySettings",),
    ),
    Row(
        "media resolution",
        {GEMINI: config(mediaResolution="MEDIA_RESOLUTION_LOW")},
        {},
        ("mediaResolution",),
    ),
    Row(
        "unknown field",
        {name: {"future_hint": "z"} for name in DIALECTS[:4]},
        {},
        ("future_hint", "futureHint"),
    ),
    Row(
        "unknown setting",
        {GEMINI: config(futureHint="z")},
        {},
        ("futureHint",),
    ),
    Row(
        "security context",
        {AZURE: {"user_security_context": {"application_name": "a"}}},
        {},
        ("user_security_context",),
    ),
    Row(
        "tool required",
        everywhere(
            {"tool_choice": "required"},
            {"tool_choice": "required"},
            {"tool_choice": {"type": "any"}},
            {"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
            {"tool_choice": "required"},
        ),
        everywhere(
            {"tool_choice": "required"},
            {"tool_choice": "required"},
            {"tool_choice": {"type": "any"}},
            {"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
            {"tool_choice": "required"},
        ),
        tools=True,
    ),
    Row(
        "tool none",
        everywhere(
            {"tool_choice": "none"},
            {"tool_choice": "none"},
            {"tool_choice": {"type": "none"}},
            {"toolConfig": {"functionCallingConfig": {"mode": "NONE"}}},
            {"tool_choice": "none"},
        ),
        everywhere(
            {"tool_choice": "none"},
            {"tool_choice": "none"},
            {"tool_choice": {"type": "none"}},
            {"toolConfig": {"functionCallingConfig": {"mode": "NONE"}}},
            {"tool_choice": "none"},
        ),
        tools=True,
    ),
    Row(
        "one tool",
        everywhere(
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
            {"tool_choice": {"type": "function", "name": "f"}},
            {"tool_choice": {"type": "tool", "name": "f"}},
            {
                "toolConfig": {
                    "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}
                }
            },
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        ),
        everywhere(
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
            {"tool_choice": {"type": "function", "name": "f"}},
            {"tool_choice": {"type": "tool", "name": "f"}},
            {
                "toolConfig": {
                    "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}
                }
            },
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        ),
        tools=True,
    ),
    Row(
        "one call at a time",
        {
            CHAT: {"parallel_tool_calls": False},
            RESPONSES: {"parallel_tool_calls": False},
            ANTHROPIC: {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        },
        {
            CHAT: {"parallel_tool_calls": False},
            RESPONSES: {"parallel_tool_calls": False},
            ANTHROPIC: {"tool_choice": {"disable_parallel_tool_use": True}},
            AZURE: {"parallel_tool_calls": False},
        },
        ("parallel_tool_calls",),
        tools=True,
    ),
    Row(
        "validated calls",
        {GEMINI: {"toolConfig": {"functionCallingConfig": {"mode": "VALIDATED"}}}},
        {},
        ("VALIDATED", "mode", "toolConfig", "tool_choice"),
        tools=True,
    ),
    Row(
        "image detail",
        {
            CHAT: {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {
                                "type": "image_url",
                                "image_url": {"url": "https://e.example/a.png", "detail": "low"},
                            }
                        ],
                    }
                ]
            }
        },
        {
            AZURE: {"messages": [{"content": [{"image_url": {"detail": "low"}}]}]},
            RESPONSES: {"input": [{"content": [{"detail": "low"}]}]},
        },
        ("detail",),
    ),
    Row(
        "speaker's name",
        {CHAT: {"messages": [{"role": "user", "content": "Hi.", "name": "bob"}]}},
        {},
        ("name",),
    ),
    Row(
        "cache mark",
        {
            ANTHROPIC: {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {
                                "type": "text",
                                "text": "Hi.",
                                "cache_control": {"type": "ephemeral"},
                            }
                        ],
                    }
                ]
            }
        },
        {},
        ("cache_control",),
    ),
    Row(
        "whole cache mark",
        {ANTHROPIC: {"cache_control": {"type": "ephemeral"}}},
        {},
        ("cache_control",),
    ),
    Row("speed", {ANTHROPIC: {"speed": "fast"}}, {}, ("speed",)),
)
