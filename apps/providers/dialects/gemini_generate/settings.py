"""Read generationConfig, tools and toolConfig of a request."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.gemini_generate.schema import json_schema
from apps.providers.dialects.gemini_generate.thinking import read_thinking
from apps.providers.dialects.gemini_generate.values import NULL, is_set
from apps.providers.dialects.reading import read
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import ToolMode

_AT = "generationConfig"
_NUMBERS = {
    "temperature": "temperature",
    "topP": "top_p",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
}
_WHOLE_NUMBERS = {
    "topK": "top_k",
    "maxOutputTokens": "max_output_tokens",
    "seed": "seed",
    "candidateCount": "n",
    "logprobs": "top_logprobs",
}
_FORMAT_KEYS = ("responseMimeType", "responseSchema", "responseJsonSchema", "_responseJsonSchema")
_CONTRACT = frozenset({"translationConfig", "audioTranscriptionConfig"})
_MODES = {
    "": None,
    "MODE_UNSPECIFIED": None,
    "AUTO": ToolMode.AUTO,
    "VALIDATED": ToolMode.AUTO,
    "ANY": ToolMode.REQUIRED,
    "NONE": ToolMode.NONE,
}

Fields = Mapping[str, msgspec.Raw]


def read_config(raw: msgspec.Raw | bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give (fields of ChatCall, extras); extras are named `generationConfig.<key>`.

    Raises:
        InvalidInputError: a value of the wrong type.
        UnsupportedContentError: output other than text and JSON.
    """
    config = given(read(dict[str, msgspec.Raw], raw, at=_AT))
    settings: dict[str, Any] = {}
    extras: dict[str, Any] = {}
    for key, value in config.items():
        at = f"{_AT}.{key}"
        if key in _NUMBERS:
            settings[_NUMBERS[key]] = _number(value, at=at)
        elif key in _WHOLE_NUMBERS:
            settings[_WHOLE_NUMBERS[key]] = _whole_number(value, at=at)
        elif key == "stopSequences":
            settings["stop"] = tuple(read(list[str], value, at=at))
        elif key == "responseLogprobs":
            settings["logprobs"] = read(bool, value, at=at)
        elif key == "thinkingConfig":
            settings["reasoning"] = read_thinking(value, at=at)
        elif key == "responseModalities":
            _check_modalities(read(list[str], value, at=at), at=at)
        elif key in _CONTRACT:
            raise UnsupportedContentError(f"`{at}` is known to no other dialect.", param=at)
        elif key not in _FORMAT_KEYS and key != "responseFormat":
            extras[at] = msgspec.json.decode(value)
    settings["output_format"] = _output_format(config)
    if settings.get("n", 1) < 1:
        raise InvalidInputError(
            f"`{_AT}.candidateCount` must be at least 1.", param=f"{_AT}.candidateCount"
        )
    return settings, extras


def given(fields: Fields) -> dict[str, msgspec.Raw]:
    """The fields that are not null."""
    return {key: value for key, value in fields.items() if bytes(value) != b"null"}


def _number(raw: msgspec.Raw, *, at: str) -> float:
    value = read(Any, raw, at=at)
    try:
        if isinstance(value, (float, int, str)) and not isinstance(value, bool):
            number = float(value)
            if math.isfinite(number):
                return number
    except (ValueError, OverflowError):
        pass
    raise InvalidInputError(f"`{at}`: a number is needed.", param=at)


def _whole_number(raw: msgspec.Raw, *, at: str) -> int:
    """Whole numbers may come as 40.0 or as text: both are JSON forms of a protobuf integer."""
    value = _number(raw, at=at)
    if not value.is_integer():
        raise InvalidInputError(f"`{at}`: a whole number is needed.", param=at)
    return int(value)


def _check_modalities(modalities: list[str], *, at: str) -> None:
    if any(one.upper() not in ("TEXT", "MODALITY_UNSPECIFIED") for one in modalities):
        raise UnsupportedContentError(
            f"`{at}`: the model behind this endpoint answers with text only.", param=at
        )


class _TextFormat(msgspec.Struct, rename="camel"):
    mime_type: str | None = None
    schema: dict[str, Any] | None = None


class _Format(msgspec.Struct):
    text: _TextFormat | None = None
    audio: msgspec.Raw = NULL
    image: msgspec.Raw = NULL
    video: msgspec.Raw = NULL


def _output_format(config: Fields) -> wire.OutputFormat | None:
    mime = (
        read(str, config["responseMimeType"], at=f"{_AT}.responseMimeType")
        if ("responseMimeType" in config)
        else None
    )
    schema: dict[str, Any] | None = None
    for key in _FORMAT_KEYS[1:]:
        if key in config:
            schema = read(dict[str, Any], config[key], at=f"{_AT}.{key}")
            schema = json_schema(schema) if key == "responseSchema" else schema
    if "responseFormat" in config:
        mime, schema = _newer_format(config["responseFormat"])
    if mime not in (None, "", "text/plain", "application/json"):
        at = f"{_AT}.responseMimeType"
        raise UnsupportedContentError(f"`{at}`: `{mime}` cannot be asked for here.", param=at)
    if schema is None and mime != "application/json":
        return None
    return wire.OutputFormat(schema=schema)


def _newer_format(raw: msgspec.Raw) -> tuple[str | None, dict[str, Any] | None]:
    at = f"{_AT}.responseFormat"
    for one in read(list[_Format], raw, at=at):
        if is_set(one.audio) or is_set(one.image) or is_set(one.video):
            raise UnsupportedContentError(
                f"`{at}`: the model behind this endpoint answers with text only.", param=at
            )
        if one.text is not None:
            return one.text.mime_type, one.text.schema
    return None, None


class _Declaration(msgspec.Struct, rename="camel"):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    parameters_json_schema: dict[str, Any] | None = None
    response: msgspec.Raw = NULL
    response_json_schema: msgspec.Raw = NULL
    behavior: str | None = None


def read_tools(raw: msgspec.Raw | bytes, warnings: list[str]) -> tuple[wire.Tool, ...]:
    """The functions that are declared.

    Raises:
        UnsupportedContentError: a tool that the provider itself runs.
    """
    tools: list[wire.Tool] = []
    for place, fields in enumerate(read(list[dict[str, msgspec.Raw]], raw, at="tools")):
        for key, value in given(fields).items():
            at = f"tools[{place}].{key}"
            if key != "functionDeclarations":
                raise UnsupportedContentError(
                    f"`{at}`: only Gemini itself runs this tool.", param=at
                )
            declared = read(list[_Declaration], value, at=at)
            tools.extend(
                _tool(one, warnings, at=f"{at}[{number}]") for number, one in enumerate(declared)
            )
    return tuple(tools)


def _tool(declared: _Declaration, warnings: list[str], *, at: str) -> wire.Tool:
    if is_set(declared.response) or is_set(declared.response_json_schema):
        warnings.append(f"{at}.response: dropped")
    if declared.behavior not in (None, "", "BLOCKING", "UNSPECIFIED"):
        warnings.append(f"{at}.behavior: dropped")
    parameters = declared.parameters_json_schema
    if parameters is None and declared.parameters is not None:
        parameters = json_schema(declared.parameters)
    return wire.Tool(name=declared.name, description=declared.description, parameters=parameters)


class _CallingConfig(msgspec.Struct, rename="camel"):
    mode: str | None = None
    allowed_function_names: list[str] | None = None
    stream_function_call_arguments: bool | None = None


def read_tool_choice(
    raw: msgspec.Raw | bytes, tools: tuple[wire.Tool, ...], warnings: list[str]
) -> wire.ToolChoice | None:
    """How free the model is; the names of all tools are no narrowing."""
    fields = given(read(dict[str, msgspec.Raw], raw, at="toolConfig"))
    warnings.extend(
        f"toolConfig.{key}: dropped"
        for key, value in fields.items()
        if key != "functionCallingConfig" and bytes(value) not in (b"{}", b"false")
    )
    if "functionCallingConfig" not in fields:
        return None
    at = "toolConfig.functionCallingConfig"
    config = read(_CallingConfig, fields["functionCallingConfig"], at=at)
    if config.stream_function_call_arguments:
        warnings.append(f"{at}.streamFunctionCallArguments: dropped")
    mode = _MODES.get((config.mode or "").upper(), ...)
    if mode is ...:
        raise InvalidInputError(f"`{at}.mode`: `{config.mode}` is no mode.", param=f"{at}.mode")
    if config.mode == "VALIDATED":
        warnings.append(f"{at}.mode: VALIDATED sent as AUTO")
    names = tuple(config.allowed_function_names or ())
    if mode is None:
        return None
    if not names or {tool.name for tool in tools} <= set(names):
        return wire.ToolChoice(mode=mode)
    if mode is not ToolMode.REQUIRED:
        raise UnsupportedContentError(
            f"`{at}.allowedFunctionNames` needs the mode ANY.", param=f"{at}.allowedFunctionNames"
        )
    return wire.ToolChoice(mode=ToolMode.NAMED, names=names)
