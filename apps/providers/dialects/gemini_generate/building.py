"""Build a chat request for the provider."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from apps.providers import wire
from apps.providers.dialects.gemini_generate.history import HistoryWriter
from apps.providers.dialects.gemini_generate.terms import distinct
from apps.providers.dialects.gemini_generate.thinking import fit_thinking
from apps.providers.dialects.gemini_generate.traits import traits_of
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import ToolMode

MOST_STOPS = 5
MOST_CANDIDATES = 8
MOST_LOGPROBS = 20
_INT32 = 2**31

_MODES = {
    ToolMode.AUTO: "AUTO",
    ToolMode.NONE: "NONE",
    ToolMode.REQUIRED: "ANY",
    ToolMode.NAMED: "ANY",
}
_NUMBERS = {
    "top_p": "topP",
    "top_k": "topK",
    "max_output_tokens": "maxOutputTokens",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
_OWN_EXTRAS = frozenset({"safetySettings", "serviceTier"})
_CONFIG = "generationConfig."
# Source: docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/add-labels-to-api-calls.
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the service is: `/{api_version}`, or `path_prefix` instead, which means Vertex.

    There it is `/v1/projects/{p}/locations/{l}/publishers/google`.
    """

    api_version: str = "v1beta"
    path_prefix: str | None = None

    @property
    def is_vertex(self) -> bool:
        """Whether requests go to Vertex, whose requests differ in details."""
        return bool(self.path_prefix)

    def path(self, model: str, verb: str) -> str:
        """The path of a method, relative to the base URL."""
        prefix = (self.path_prefix or self.api_version).strip("/")
        return f"/{prefix}/{resource_name(model)}:{verb}"


def resource_name(model: str) -> str:
    """`models/…`, unless the name is a resource name already (`tunedModels/…`)."""
    name = quote(model, safe="/@:-._~")
    return name if name.startswith(("models/", "tunedModels/")) else f"models/{name}"


def build_request(
    call: wire.ChatCall, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """Raises UnsupportedContentError for content or contract that this dialect lacks."""
    body, warnings = build_body(call, model, options)
    verb = "streamGenerateContent?alt=sse" if call.stream else "generateContent"
    return wire.UpstreamRequest(
        path=options.path(model.name, verb),
        body=msgspec.json.encode(body),
        warnings=distinct(warnings),
    )


def build_count(
    call: wire.ChatCall, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """Count the whole request, tools and system instruction included."""
    body, warnings = build_body(call, model, options)
    if not options.is_vertex:
        body = {"generateContentRequest": {"model": resource_name(model.name), **body}}
    else:
        body.pop("labels", None)
        body.pop("toolConfig", None)
    return wire.UpstreamRequest(
        path=options.path(model.name, "countTokens"),
        body=msgspec.json.encode(body),
        warnings=distinct(warnings),
    )


def build_body(
    call: wire.ChatCall, model: wire.TargetModel, options: Options
) -> tuple[dict[str, Any], list[str]]:
    """The body of a request, and what it lost."""
    traits = traits_of(model.name)
    history = HistoryWriter(traits, vertex=options.is_vertex)
    body = history.write(call.messages)
    warnings = history.warnings
    if call.tools:
        body["tools"] = [{"functionDeclarations": _declarations(call.tools, warnings)}]
        if call.tool_choice is not None:
            body["toolConfig"] = {"functionCallingConfig": _calling_config(call.tool_choice)}
        if call.parallel_tool_calls is False:
            warnings.append("parallel_tool_calls: dropped")
    config, lost = _sampling(call)
    warnings += lost
    thinking, lost = fit_thinking(call.reasoning, traits)
    warnings += lost
    if thinking:
        config["thinkingConfig"] = thinking
    if call.output_format is not None:
        config.update(_output_format(call.output_format))
    own = _add_extras(body, config, call.extras, warnings)
    if config:
        body["generationConfig"] = config
    body.update(own)
    _add_labels(body, call, options, warnings)
    if call.logit_bias:
        warnings.append("logit_bias: dropped")
    return body, warnings


def _declarations(tools: Sequence[wire.Tool], warnings: list[str]) -> list[dict[str, Any]]:
    declared = []
    for tool in tools:
        one: dict[str, Any] = {"name": tool.name}
        if tool.description is not None:
            one["description"] = tool.description
        if tool.parameters is not None:
            one["parametersJsonSchema"] = tool.parameters
        if tool.strict:
            warnings.append("tools.strict: dropped")
        if tool.cache:
            warnings.append("cache_control: dropped")
        declared.append(one)
    return declared


def _calling_config(choice: wire.ToolChoice) -> dict[str, Any]:
    config: dict[str, Any] = {"mode": _MODES[choice.mode]}
    if choice.mode is ToolMode.NAMED:
        config["allowedFunctionNames"] = list(choice.names)
    return config


def _sampling(call: wire.ChatCall) -> tuple[dict[str, Any], list[str]]:
    config: dict[str, Any] = {}
    warnings: list[str] = []
    if call.temperature is not None:
        config["temperature"] = min(max(call.temperature, 0.0), 2.0)
        if config["temperature"] != call.temperature:
            warnings.append(f"temperature: clamped to {config['temperature']:g}")
    for name, key in _NUMBERS.items():
        if (value := getattr(call, name)) is not None:
            config[key] = value
    if call.seed is not None:
        if -_INT32 <= call.seed < _INT32:
            config["seed"] = call.seed
        else:
            warnings.append("seed: dropped")
    if call.stop:
        config["stopSequences"] = list(call.stop[:MOST_STOPS])
        if len(call.stop) > MOST_STOPS:
            warnings.append(f"stop: clamped to {MOST_STOPS}")
    if call.n > MOST_CANDIDATES:
        raise UnsupportedContentError(
            f"`n` may be at most {MOST_CANDIDATES} for the model behind this endpoint.", param="n"
        )
    if call.n != 1:
        config["candidateCount"] = call.n
    if call.logprobs:
        config["responseLogprobs"] = True
        if call.top_logprobs is not None:
            config["logprobs"] = min(call.top_logprobs, MOST_LOGPROBS)
            if call.top_logprobs > MOST_LOGPROBS:
                warnings.append(f"top_logprobs: clamped to {MOST_LOGPROBS}")
    return config, warnings


def _output_format(wanted: wire.OutputFormat) -> dict[str, Any]:
    config: dict[str, Any] = {"responseMimeType": "application/json"}
    if wanted.schema is not None:
        schema = wanted.schema
        if wanted.description and "description" not in schema:
            schema = {**schema, "description": wanted.description}
        config["responseJsonSchema"] = schema
    return config


def _add_extras(
    body: dict[str, Any],
    config: dict[str, Any],
    extras: Mapping[str, Any],
    warnings: list[str],
) -> dict[str, Any]:
    """Put settings of this dialect's own back in their place; name all others as lost."""
    own: dict[str, Any] = {}
    for key, value in extras.items():
        if key.startswith(_CONFIG):
            config[key.removeprefix(_CONFIG)] = value
        elif key in _OWN_EXTRAS:
            own[key] = value
        elif value not in (None, "", [], {}) and value is not False:
            warnings.append(f"{key}: dropped")
    return own


def _add_labels(
    body: dict[str, Any], call: wire.ChatCall, options: Options, warnings: list[str]
) -> None:
    """User and metadata as labels, which only Vertex has, where they can be labels."""
    labels: dict[str, str] = {}
    if call.user:
        if options.is_vertex and _LABEL.fullmatch(call.user):
            labels["user"] = call.user
        else:
            warnings.append("user: dropped")
    for key, value in (call.metadata or {}).items():
        fits = _LABEL_KEY.fullmatch(key) and _LABEL.fullmatch(value) and key not in labels
        if options.is_vertex and fits:
            labels[key] = value
        else:
            warnings.append("metadata: dropped")
    if labels:
        body["labels"] = labels
