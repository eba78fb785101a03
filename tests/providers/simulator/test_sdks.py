"""The official clients, straight at the simulator: their typed objects and their exceptions."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import anthropic
import azure.core.exceptions as azure_errors
import openai
import pydantic
import pytest
from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient
from azure.ai.inference.models import (
    ChatCompletionsToolDefinition,
    FunctionDefinition,
    ImageContentItem,
    ImageUrl,
    JsonSchemaFormat,
    TextContentItem,
    UserMessage,
)
from azure.core.credentials import AzureKeyCredential
from google import genai
from google.genai import errors as google_errors
from google.genai import types as google

from tests.providers.simulator.cases import NOTHING, PARALLEL, PERSON, PNG, QUESTION, WEATHER

MODEL = "sim-small"
DATA_URL = f"data:image/png;base64,{PNG}"
STATUSES = (400, 401, 404, 429, 500, 503, 529)


class Person(pydantic.BaseModel):
    name: str
    age: int


class TestOpenAI:
    @pytest.fixture
    def sdk(self, simulator_url: str) -> Iterator[openai.OpenAI]:
        url = f"{simulator_url}/openai/v1"
        with openai.OpenAI(base_url=url, api_key="key", max_retries=0) as sdk:
            yield sdk

    def chat(self, sdk: openai.OpenAI, text: Any, **fields: Any) -> Any:
        said = [{"role": "user", "content": text}]
        return sdk.chat.completions.create(**{"model": MODEL, "messages": said, **fields})

    def tools(self) -> list[dict[str, Any]]:
        schemas = {"get_weather": WEATHER, "get_time": NOTHING}
        return [
            {"type": "function", "function": {"name": name, "parameters": schema}}
            for name, schema in schemas.items()
        ]

    def test_plain_and_stream_say_the_same(self, sdk: openai.OpenAI) -> None:
        reply = self.chat(sdk, QUESTION)
        chunks = list(self.chat(sdk, QUESTION, stream=True))

        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        assert text == reply.choices[0].message.content
        assert reply.usage.total_tokens > 0

    def test_parallel_tools_streamed(self, sdk: openai.OpenAI) -> None:
        said: Any = [{"role": "user", "content": PARALLEL}]
        tools: Any = self.tools()
        with sdk.chat.completions.stream(model=MODEL, messages=said, tools=tools) as stream:
            message = stream.get_final_completion().choices[0].message

        calls = message.tool_calls or []
        assert [call.function.name for call in calls] == ["get_weather", "get_time"]
        assert json.loads(calls[0].function.arguments)["city"] == "Paris"

    def test_parses_a_schema(self, sdk: openai.OpenAI) -> None:
        said: Any = [{"role": "user", "content": "Invent a person"}]
        reply = sdk.chat.completions.parse(model=MODEL, messages=said, response_format=Person)

        assert isinstance(reply.choices[0].message.parsed, Person)

    def test_image_in(self, sdk: openai.OpenAI) -> None:
        reply = self.chat(sdk, [{"type": "image_url", "image_url": {"url": DATA_URL}}])

        assert "image/png of 70 bytes" in reply.choices[0].message.content

    def test_responses_plain_stream_and_tools(self, sdk: openai.OpenAI) -> None:
        plain = sdk.responses.create(model=MODEL, input=QUESTION)
        tools: Any = [
            {"type": "function", "name": "get_weather", "parameters": WEATHER, "strict": True}
        ]
        with sdk.responses.stream(model=MODEL, input=PARALLEL, tools=tools) as stream:
            events = list(stream)
            final = stream.get_final_response()
        parsed = sdk.responses.parse(model=MODEL, input="Invent", text_format=Person)

        assert plain.output_text.startswith("[simulated]")
        assert [item.type for item in final.output] == ["function_call", "function_call"]
        assert events[-1].type == "response.completed"
        assert isinstance(parsed.output_parsed, Person)

    def test_embeddings_come_as_numbers(self, sdk: openai.OpenAI) -> None:
        packed = sdk.embeddings.create(model="sim-embed", input=["a", "b"])
        plain = sdk.embeddings.create(model="sim-embed", input=["a", "b"], encoding_format="float")

        assert [item.embedding for item in packed.data] == [item.embedding for item in plain.data]

    def test_moderations_images_and_sound(self, sdk: openai.OpenAI) -> None:
        flagged = sdk.moderations.create(model="sim-moderation", input="I hate you")
        image = sdk.images.generate(model="sim-image", prompt="a cat")
        speech = sdk.audio.speech.create(model="sim-voice", voice="alloy", input="hi")
        heard = sdk.audio.transcriptions.create(
            model="sim-ears", file=("a.mp3", speech.content, "audio/mpeg")
        )

        assert flagged.results[0].flagged
        assert base64.b64decode((image.data or [])[0].b64_json or "").startswith(b"\x89PNG")
        assert "audio/mpeg" in heard.text

    @pytest.mark.parametrize("status", STATUSES)
    def test_errors_are_its_exceptions(self, sdk: openai.OpenAI, status: int) -> None:
        with pytest.raises(openai.APIStatusError) as caught:
            self.chat(sdk, "x", model=f"sim-error-{status}")

        assert caught.value.status_code == status
        assert caught.value.request_id
        expected = {
            400: openai.BadRequestError,
            401: openai.AuthenticationError,
            404: openai.NotFoundError,
            429: openai.RateLimitError,
        }
        assert type(caught.value) is expected.get(status, openai.InternalServerError)

    def test_an_error_in_a_stream_is_raised(self, sdk: openai.OpenAI) -> None:
        with pytest.raises(openai.APIError, match="stream broke"):
            list(self.chat(sdk, "count to 30", model="sim-midstream-error", stream=True))


class TestAnthropic:
    @pytest.fixture
    def sdk(self, simulator_url: str) -> Iterator[anthropic.Anthropic]:
        url = f"{simulator_url}/anthropic"
        with anthropic.Anthropic(base_url=url, api_key="key", max_retries=0) as sdk:
            yield sdk

    def asked(self, text: Any, **fields: Any) -> Any:
        said = [{"role": "user", "content": text}]
        return {"model": MODEL, "max_tokens": 4096, "messages": said, **fields}

    def tools(self) -> list[dict[str, Any]]:
        schemas = {"get_weather": WEATHER, "get_time": NOTHING}
        return [{"name": name, "input_schema": schema} for name, schema in schemas.items()]

    def test_plain_and_stream_say_the_same(self, sdk: anthropic.Anthropic) -> None:
        reply = sdk.messages.create(**self.asked(QUESTION))
        with sdk.messages.stream(**self.asked(QUESTION)) as stream:
            final = stream.get_final_message()

        assert final.content[0].text == reply.content[0].text  # type: ignore[union-attr]
        assert final.usage.output_tokens == reply.usage.output_tokens

    def test_parallel_tools_streamed(self, sdk: anthropic.Anthropic) -> None:
        with sdk.messages.stream(**self.asked(PARALLEL, tools=self.tools())) as stream:
            content = stream.get_final_message().content

        uses = [block for block in content if block.type == "tool_use"]
        assert [use.name for use in uses] == ["get_weather", "get_time"]
        assert uses[0].input["city"] == "Paris"
        assert uses[1].input == {}

    def test_thinking_is_signed(self, sdk: anthropic.Anthropic) -> None:
        thinking = {"type": "enabled", "budget_tokens": 1024}
        with sdk.messages.stream(**self.asked(QUESTION, thinking=thinking)) as stream:
            block = stream.get_final_message().content[0]

        assert block.type == "thinking"
        assert block.signature

    def test_makes_an_instance_of_a_schema(self, sdk: anthropic.Anthropic) -> None:
        wanted = {"format": {"type": "json_schema", "schema": PERSON}}
        reply = sdk.messages.create(**self.asked("Invent", output_config=wanted))

        assert "name" in json.loads(reply.content[0].text)

    def test_image_in_and_counts(self, sdk: anthropic.Anthropic) -> None:
        source = {"type": "base64", "media_type": "image/png", "data": PNG}
        body = self.asked([{"type": "image", "source": source}])

        reply = sdk.messages.create(**body)
        counted = sdk.messages.count_tokens(model=MODEL, messages=body["messages"])

        assert "image/png of 70 bytes" in reply.content[0].text
        assert counted.input_tokens == reply.usage.input_tokens

    def test_models(self, sdk: anthropic.Anthropic) -> None:
        assert [model.id for model in sdk.models.list()] == ["sim-small", "sim-large"]
        assert sdk.models.retrieve("sim-small").display_name == "Simulated small"

    @pytest.mark.parametrize("status", STATUSES)
    def test_errors_are_its_exceptions(self, sdk: anthropic.Anthropic, status: int) -> None:
        with pytest.raises(anthropic.APIStatusError) as caught:
            sdk.messages.create(**self.asked("x", model=f"sim-error-{status}"))

        assert caught.value.status_code == status
        assert caught.value.request_id
        assert isinstance(caught.value, anthropic.RateLimitError) == (status == 429)

    def test_an_error_in_a_stream_is_raised(self, sdk: anthropic.Anthropic) -> None:
        asked = self.asked("count to 30", model="sim-midstream-error")
        with pytest.raises(anthropic.APIStatusError), sdk.messages.stream(**asked) as stream:
            stream.get_final_message()


class TestGoogle:
    @pytest.fixture
    def sdk(self, simulator_url: str) -> Iterator[genai.Client]:
        options = google.HttpOptions(base_url=f"{simulator_url}/gemini")
        with genai.Client(api_key="key", http_options=options) as sdk:
            yield sdk

    def tools(self) -> list[Any]:
        schemas = {"get_weather": WEATHER, "get_time": NOTHING}
        declared = [
            google.FunctionDeclaration(name=name, parameters_json_schema=schema)
            for name, schema in schemas.items()
        ]
        return [google.Tool(function_declarations=declared)]

    def config(self, **fields: Any) -> google.GenerateContentConfig:
        off = google.AutomaticFunctionCallingConfig(disable=True)
        return google.GenerateContentConfig(automatic_function_calling=off, **fields)

    def test_plain_and_stream_say_the_same(self, sdk: genai.Client) -> None:
        reply = sdk.models.generate_content(model=MODEL, contents=QUESTION)
        chunks = list(sdk.models.generate_content_stream(model=MODEL, contents=QUESTION))

        assert "".join(chunk.text or "" for chunk in chunks) == reply.text
        assert chunks[-1].usage_metadata == reply.usage_metadata

    def test_parallel_tools_streamed(self, sdk: genai.Client) -> None:
        chunks = sdk.models.generate_content_stream(
            model=MODEL, contents=PARALLEL, config=self.config(tools=self.tools())
        )

        calls = [call for chunk in chunks for call in chunk.function_calls or []]
        assert [call.name for call in calls] == ["get_weather", "get_time"]
        assert (calls[0].args or {})["city"] == "Paris"

    def test_thoughts_are_signed(self, sdk: genai.Client) -> None:
        thinking = google.ThinkingConfig(include_thoughts=True)
        reply = sdk.models.generate_content(
            model=MODEL, contents=QUESTION, config=self.config(thinking_config=thinking)
        )

        thought, said = reply.parts or []
        assert thought.thought
        assert said.thought_signature

    def test_parses_a_schema(self, sdk: genai.Client) -> None:
        config = self.config(response_mime_type="application/json", response_schema=Person)
        reply = sdk.models.generate_content(model=MODEL, contents="Invent", config=config)

        assert isinstance(reply.parsed, Person)

    def test_image_in_and_counts(self, sdk: genai.Client) -> None:
        image = google.Part.from_bytes(data=base64.b64decode(PNG), mime_type="image/png")

        reply = sdk.models.generate_content(model=MODEL, contents=[image])
        counted = sdk.models.count_tokens(model=MODEL, contents=[image])

        assert "image/png of 70 bytes" in (reply.text or "")
        assert reply.usage_metadata
        assert counted.total_tokens == reply.usage_metadata.prompt_token_count

    def test_embeddings_and_models(self, sdk: genai.Client) -> None:
        reply = sdk.models.embed_content(model="sim-embed", contents=["a", "b"])

        assert len(reply.embeddings or []) == 2
        assert next(model.name for model in sdk.models.list()) == "models/sim-small"

    @pytest.mark.parametrize("status", STATUSES)
    def test_errors_are_its_exceptions(self, sdk: genai.Client, status: int) -> None:
        with pytest.raises(google_errors.APIError) as caught:
            sdk.models.generate_content(model=f"sim-error-{status}", contents="x")

        assert caught.value.code == status
        expected = google_errors.ClientError if status < 500 else google_errors.ServerError
        assert type(caught.value) is expected


class TestAzure:
    @pytest.fixture
    def sdk(self, simulator_url: str) -> Iterator[ChatCompletionsClient]:
        url, key = f"{simulator_url}/azure", AzureKeyCredential("key")
        with ChatCompletionsClient(url, key, model=MODEL, retry_total=0) as sdk:
            yield sdk

    def chat(self, sdk: ChatCompletionsClient, content: Any, **fields: Any) -> Any:
        return sdk.complete(messages=[UserMessage(content)], **fields)

    def tools(self) -> list[ChatCompletionsToolDefinition]:
        schemas = {"get_weather": WEATHER, "get_time": NOTHING}
        return [
            ChatCompletionsToolDefinition(function=FunctionDefinition(name=name, parameters=schema))
            for name, schema in schemas.items()
        ]

    def test_plain_and_stream_say_the_same(self, sdk: ChatCompletionsClient) -> None:
        reply = self.chat(sdk, QUESTION)
        updates = list(self.chat(sdk, QUESTION, stream=True))

        text = "".join(update.choices[0].delta.content or "" for update in updates)
        assert text == reply.choices[0].message.content
        assert updates[-1].usage == reply.usage

    def test_parallel_tools_streamed(self, sdk: ChatCompletionsClient) -> None:
        updates = self.chat(sdk, PARALLEL, tools=self.tools(), stream=True)

        calls: list[list[str]] = []
        for update in updates:
            for call in update.choices[0].delta.tool_calls or []:
                if call.id:
                    calls.append([call.function.name, ""])
                calls[-1][1] += call.function.arguments
        assert [name for name, _ in calls] == ["get_weather", "get_time"]
        assert json.loads(calls[0][1])["city"] == "Paris"

    def test_makes_an_instance_of_a_schema(self, sdk: ChatCompletionsClient) -> None:
        wanted = JsonSchemaFormat(name="person", schema=PERSON, strict=True)
        reply = self.chat(sdk, "Invent", response_format=wanted)

        assert "name" in json.loads(reply.choices[0].message.content)

    def test_image_in_and_extras(self, sdk: ChatCompletionsClient) -> None:
        content = [
            TextContentItem(text="What?"),
            ImageContentItem(image_url=ImageUrl(url=DATA_URL)),
        ]
        reply = self.chat(sdk, content, model_extras={"n": 2})

        assert "image/png of 70 bytes" in reply.choices[1].message.content

    def test_embeddings_and_info(self, simulator_url: str, sdk: ChatCompletionsClient) -> None:
        url, key = f"{simulator_url}/azure", AzureKeyCredential("key")
        with EmbeddingsClient(url, key, model="sim-embed") as embedder:
            reply = embedder.embed(input=["a", "b"])

        assert len(reply.data) == 2
        assert sdk.get_model_info().model_provider_name == "simulated"

    @pytest.mark.parametrize("status", STATUSES)
    def test_errors_are_its_exceptions(self, sdk: ChatCompletionsClient, status: int) -> None:
        with pytest.raises(azure_errors.HttpResponseError) as caught:
            self.chat(sdk, "x", model=f"sim-error-{status}")

        assert caught.value.status_code == status
        assert caught.value.error
        assert "[simulated]" in (caught.value.message or "")
