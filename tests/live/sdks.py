"""The official SDKs as callers: each asks the same things and tells what it got in one form."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import anthropic
import azure.ai.inference as azure_inference
import azure.ai.inference.models as azure_models
import azure.core.exceptions
import openai
from azure.core.credentials import AzureKeyCredential
from google import genai
from google.genai import errors as genai_errors
from google.genai import types as genai_types
from typing_extensions import override

# A red square of 8 × 8 pixels.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElF"
    "TkSuQmCC"
)
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TIME = {
    "type": "object",
    "properties": {"zone": {"type": "string"}},
    "required": ["zone"],
    "additionalProperties": False,
}
TOOLS = {"get_weather": WEATHER, "get_time": TIME}
PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


@dataclass
class Told:
    """What a caller got: text, tool calls as (name, arguments), and how it ended."""

    text: str = ""
    tools: list[tuple[str, Any]] = field(default_factory=list)
    finish: str = ""
    usage: tuple[int, int] = (0, 0)
    raw: Any = None


@dataclass
class Refused:
    """An error as the SDK raises it."""

    kind: str
    status: int
    message: str = ""


class Sdk(Protocol):
    """One SDK against one base URL."""

    def ask(self, model: str, prompt: str, **features: Any) -> Told: ...
    def stream(self, model: str, prompt: str, **features: Any) -> Told: ...
    def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]: ...
    def refused(self, act: Callable[[], Any]) -> Refused: ...
    def close(self) -> None: ...


class OpenAIChat:
    """openai: chat completions."""

    dialect = "openai_chat"

    def __init__(self, url: str, key: str) -> None:
        self.client = openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=30)

    def close(self) -> None:
        self.client.close()

    def _request(self, model: str, prompt: str, features: dict[str, Any]) -> dict[str, Any]:
        content: Any = prompt
        if features.get("image"):
            url = "data:image/png;base64," + base64.b64encode(PNG).decode()
            content = [
                {"type": "text", "text": prompt},
                {"type": "image_url", "image_url": {"url": url}},
            ]
        request: dict[str, Any] = {
            "model": model,
            "messages": [{"role": "user", "content": content}],
        }
        if features.get("tools"):
            request["tools"] = [
                {"type": "function", "function": {"name": n, "description": n, "parameters": p}}
                for n, p in TOOLS.items()
            ]
        if features.get("schema"):
            schema = {"name": "person", "schema": PERSON, "strict": True}
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
        return request

    def ask(self, model: str, prompt: str, **features: Any) -> Told:
        reply = self.client.chat.completions.create(**self._request(model, prompt, features))
        choice, usage = reply.choices[0], reply.usage
        assert usage is not None
        assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
        calls = choice.message.tool_calls or []
        return Told(
            text=choice.message.content or "",
            tools=[(c.function.name, json.loads(c.function.arguments)) for c in calls],
            finish=choice.finish_reason,
            usage=(usage.prompt_tokens, usage.completion_tokens),
            raw=reply,
        )

    def stream(self, model: str, prompt: str, **features: Any) -> Told:
        told = Told()
        calls: dict[int, list[str]] = {}
        for chunk in self.client.chat.completions.create(
            **self._request(model, prompt, features),
            stream=True,
            stream_options={"include_usage": True},
        ):
            if chunk.usage is not None:
                told.usage = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
            for choice in chunk.choices:
                told.text += choice.delta.content or ""
                told.finish = choice.finish_reason or told.finish
                for call in choice.delta.tool_calls or []:
                    parts = calls.setdefault(call.index, ["", ""])
                    parts[0] += (call.function and call.function.name) or ""
                    parts[1] += (call.function and call.function.arguments) or ""
        told.tools = [(name, json.loads(text)) for _, (name, text) in sorted(calls.items())]
        return told

    def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        reply = self.client.embeddings.create(model=model, input=list(texts))
        assert reply.usage.prompt_tokens > 0
        return [item.embedding for item in reply.data]

    def refused(self, act: Callable[[], Any]) -> Refused:
        try:
            act()
        except openai.APIStatusError as error:
            return Refused(type(error).__name__, error.status_code, error.message)
        raise AssertionError("the call was answered")


class OpenAIResponses(OpenAIChat):
    """openai: responses."""

    dialect = "openai_responses"

    @override
    def _request(self, model: str, prompt: str, features: dict[str, Any]) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "input_text", "text": prompt}]
        if features.get("image"):
            url = "data:image/png;base64," + base64.b64encode(PNG).decode()
            content.append({"type": "input_image", "image_url": url, "detail": "auto"})
        request: dict[str, Any] = {
            "model": model,
            "input": [{"role": "user", "content": content}],
        }
        if features.get("tools"):
            request["tools"] = [
                {"type": "function", "name": n, "description": n, "parameters": p, "strict": True}
                for n, p in TOOLS.items()
            ]
        if features.get("schema"):
            request["text"] = {
                "format": {
                    "type": "json_schema",
                    "name": "person",
                    "schema": PERSON,
                    "strict": True,
                }
            }
        return request

    def _told(self, reply: Any) -> Told:
        calls = [item for item in reply.output if item.type == "function_call"]
        assert reply.usage.total_tokens == reply.usage.input_tokens + reply.usage.output_tokens
        return Told(
            text=reply.output_text,
            tools=[(c.name, json.loads(c.arguments)) for c in calls],
            finish="tool_calls" if calls else "stop",
            usage=(reply.usage.input_tokens, reply.usage.output_tokens),
            raw=reply,
        )

    @override
    def ask(self, model: str, prompt: str, **features: Any) -> Told:
        return self._told(self.client.responses.create(**self._request(model, prompt, features)))

    @override
    def stream(self, model: str, prompt: str, **features: Any) -> Told:
        text, numbers, last = "", [], None
        for event in self.client.responses.create(
            **self._request(model, prompt, features), stream=True
        ):
            numbers.append(event.sequence_number)
            if event.type == "response.output_text.delta":
                text += event.delta
            last = event
        assert last is not None
        assert last.type == "response.completed"
        assert numbers == list(range(len(numbers)))
        told = self._told(last.response)
        assert told.text == text
        return told


class Anthropic:
    """anthropic: messages."""

    dialect = "anthropic_messages"

    def __init__(self, url: str, key: str) -> None:
        self.client = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0, timeout=30)

    def close(self) -> None:
        self.client.close()

    def _request(self, model: str, prompt: str, features: dict[str, Any]) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "text", "text": prompt}]
        if features.get("image"):
            data = base64.b64encode(PNG).decode()
            source = {"type": "base64", "media_type": "image/png", "data": data}
            content.append({"type": "image", "source": source})
        request: dict[str, Any] = {
            "model": model,
            "max_tokens": 1024,
            "messages": [{"role": "user", "content": content}],
        }
        if features.get("tools"):
            request["tools"] = [
                {"name": n, "description": n, "input_schema": p} for n, p in TOOLS.items()
            ]
        if features.get("schema"):
            request["output_config"] = {"format": {"type": "json_schema", "schema": PERSON}}
        return request

    def _told(self, reply: Any) -> Told:
        calls = [block for block in reply.content if block.type == "tool_use"]
        usage = reply.usage
        read = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        return Told(
            text="".join(block.text for block in reply.content if block.type == "text"),
            tools=[(c.name, c.input) for c in calls],
            finish={"end_turn": "stop", "tool_use": "tool_calls"}.get(
                reply.stop_reason, reply.stop_reason
            ),
            usage=(usage.input_tokens + read, usage.output_tokens),
            raw=reply,
        )

    def ask(self, model: str, prompt: str, **features: Any) -> Told:
        return self._told(self.client.messages.create(**self._request(model, prompt, features)))

    def stream(self, model: str, prompt: str, **features: Any) -> Told:
        request = self._request(model, prompt, features)
        with self.client.messages.stream(**request) as stream:
            text = "".join(stream.text_stream)
            told = self._told(stream.get_final_message())
        assert told.text == text
        return told

    def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        raise NotImplementedError

    def refused(self, act: Callable[[], Any]) -> Refused:
        try:
            act()
        except anthropic.APIStatusError as error:
            return Refused(type(error).__name__, error.status_code, error.message)
        raise AssertionError("the call was answered")


class Gemini:
    """google-genai."""

    dialect = "gemini_generate"

    def __init__(self, url: str, key: str) -> None:
        options = genai_types.HttpOptions(
            base_url=url,
            timeout=30_000,
            retry_options=genai_types.HttpRetryOptions(attempts=1),
        )
        self.client = genai.Client(api_key=key, http_options=options)

    def close(self) -> None:
        self.client.close()

    def _request(self, model: str, prompt: str, features: dict[str, Any]) -> dict[str, Any]:
        parts = [genai_types.Part.from_text(text=prompt)]
        if features.get("image"):
            parts.append(genai_types.Part.from_bytes(data=PNG, mime_type="image/png"))
        config: dict[str, Any] = {}
        if features.get("tools"):
            functions = [
                {"name": n, "description": n, "parameters_json_schema": p} for n, p in TOOLS.items()
            ]
            config["tools"] = [{"function_declarations": functions}]
        if features.get("schema"):
            config["response_mime_type"] = "application/json"
            config["response_json_schema"] = PERSON
        return {
            "model": model,
            "contents": [genai_types.Content(role="user", parts=parts)],
            "config": genai_types.GenerateContentConfig(**config),
        }

    def _told(self, chunks: list[Any]) -> Told:
        told = Told(raw=chunks[-1])
        for chunk in chunks:
            for candidate in chunk.candidates or []:
                for part in (candidate.content and candidate.content.parts) or []:
                    if part.text and not part.thought:
                        told.text += part.text
                    if part.function_call:
                        told.tools.append((part.function_call.name, part.function_call.args))
                if candidate.finish_reason:
                    told.finish = str(candidate.finish_reason.value)
            if (usage := chunk.usage_metadata) and usage.total_token_count:
                output = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
                assert usage.total_token_count == (usage.prompt_token_count or 0) + output
                told.usage = (usage.prompt_token_count or 0, output)
        if told.finish == "STOP":
            told.finish = "tool_calls" if told.tools else "stop"
        return told

    def ask(self, model: str, prompt: str, **features: Any) -> Told:
        request = self._request(model, prompt, features)
        return self._told([self.client.models.generate_content(**request)])

    def stream(self, model: str, prompt: str, **features: Any) -> Told:
        request = self._request(model, prompt, features)
        return self._told(list(self.client.models.generate_content_stream(**request)))

    def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        reply = self.client.models.embed_content(model=model, contents=list(texts))
        return [list(item.values or []) for item in reply.embeddings or []]

    def refused(self, act: Callable[[], Any]) -> Refused:
        try:
            act()
        except genai_errors.APIError as error:
            return Refused(type(error).__name__, error.code, str(error.message))
        raise AssertionError("the call was answered")


class AzureInference:
    """azure-ai-inference."""

    dialect = "azure_inference"

    def __init__(self, url: str, key: str) -> None:
        credential = AzureKeyCredential(key)
        options: dict[str, Any] = {"endpoint": url, "credential": credential, "retry_total": 0}
        self.chat = azure_inference.ChatCompletionsClient(**options)
        self.embeddings = azure_inference.EmbeddingsClient(**options)

    def close(self) -> None:
        self.chat.close()
        self.embeddings.close()

    def _request(self, model: str, prompt: str, features: dict[str, Any]) -> dict[str, Any]:
        content: Any = prompt
        if features.get("image"):
            url = "data:image/png;base64," + base64.b64encode(PNG).decode()
            content = [
                azure_models.TextContentItem(text=prompt),
                azure_models.ImageContentItem(image_url=azure_models.ImageUrl(url=url)),
            ]
        request: dict[str, Any] = {
            "model": model,
            "messages": [azure_models.UserMessage(content=content)],
        }
        if features.get("tools"):
            request["tools"] = [
                azure_models.ChatCompletionsToolDefinition(
                    function=azure_models.FunctionDefinition(name=n, description=n, parameters=p)
                )
                for n, p in TOOLS.items()
            ]
        if features.get("schema"):
            request["response_format"] = azure_models.JsonSchemaFormat(
                name="person", schema=PERSON, strict=True
            )
        return request

    def ask(self, model: str, prompt: str, **features: Any) -> Told:
        reply = self.chat.complete(**self._request(model, prompt, features))
        choice, usage = reply.choices[0], reply.usage
        assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
        calls = choice.message.tool_calls or []
        return Told(
            text=choice.message.content or "",
            tools=[(c.function.name, json.loads(c.function.arguments)) for c in calls],
            finish=str(getattr(choice.finish_reason, "value", choice.finish_reason)),
            usage=(usage.prompt_tokens, usage.completion_tokens),
            raw=reply,
        )

    def stream(self, model: str, prompt: str, **features: Any) -> Told:
        told = Told()
        calls: list[list[str]] = []
        for chunk in self.chat.complete(**self._request(model, prompt, features), stream=True):
            if chunk.usage is not None:
                told.usage = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
            for choice in chunk.choices:
                told.text += choice.delta.content or ""
                if choice.finish_reason:
                    told.finish = str(getattr(choice.finish_reason, "value", choice.finish_reason))
                for call in choice.delta.tool_calls or []:
                    if call.id:
                        calls.append(["", ""])
                    calls[-1][0] += call.function.name or ""
                    calls[-1][1] += call.function.arguments or ""
        told.tools = [(name, json.loads(text)) for name, text in calls]
        return told

    def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        reply = self.embeddings.embed(model=model, input=list(texts))
        return [[float(x) for x in item.embedding] for item in reply.data]

    def refused(self, act: Callable[[], Any]) -> Refused:
        try:
            act()
        except azure.core.exceptions.HttpResponseError as error:
            return Refused(type(error).__name__, error.status_code or 0, error.message)
        raise AssertionError("the call was answered")


# Where each SDK finds its dialect: at the portal and, straight, at the simulator.
AT_PORTAL: dict[str, tuple[Callable[[str, str], Sdk], str]] = {
    "openai_chat": (OpenAIChat, "/v1"),
    "openai_responses": (OpenAIResponses, "/v1"),
    "anthropic_messages": (Anthropic, ""),
    "gemini_generate": (Gemini, ""),
    "azure_inference": (AzureInference, "/azure"),
}
